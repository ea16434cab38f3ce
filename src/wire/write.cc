#include "wire/write.h"

#include "wire/message.h"

namespace weir::wire {

Writer::Writer(Buffer& out, std::uint8_t type) : out_(out) {
  out_.push_back(type);
  length_at_ = out_.size();
  out_.resize(out_.size() + 4);
}

Writer::Writer(Buffer& out) : out_(out), length_at_(out.size()) { out_.resize(out_.size() + 4); }

Writer& Writer::u8(std::uint8_t v) {
  out_.push_back(v);
  return *this;
}

Writer& Writer::u16(std::uint16_t v) {
  out_.push_back(static_cast<std::uint8_t>(v >> 8));
  out_.push_back(static_cast<std::uint8_t>(v));
  return *this;
}

Writer& Writer::u32(std::uint32_t v) {
  out_.resize(out_.size() + 4);
  store_u32(out_.data() + out_.size() - 4, v);
  return *this;
}

Writer& Writer::bytes(Bytes v) {
  out_.insert(out_.end(), v.begin(), v.end());
  return *this;
}

Writer& Writer::text(std::string_view v) { return bytes(as_bytes(v)); }

Writer& Writer::cstr(std::string_view v) { return text(v).u8(0); }

void Writer::finish() {
  if (!open_) return;
  open_ = false;
  store_u32(out_.data() + length_at_, static_cast<std::uint32_t>(out_.size() - length_at_));
}

void append_ready(Buffer& out, char status) {
  Writer(out, be::kReadyForQuery).u8(static_cast<std::uint8_t>(status));
}

void append_query(Buffer& out, std::string_view sql) { Writer(out, fe::kQuery).cstr(sql); }

void append_parameter_status(Buffer& out, std::string_view name, std::string_view value) {
  Writer(out, be::kParameterStatus).cstr(name).cstr(value);
}

void append_authentication(Buffer& out, std::uint32_t code, Bytes payload) {
  Writer(out, be::kAuthentication).u32(code).bytes(payload);
}

void append_parse(Buffer& out, std::string_view name, std::string_view text, Bytes types_tail) {
  Writer(out, fe::kParse).cstr(name).cstr(text).bytes(types_tail);
}

void append_close(Buffer& out, char kind, std::string_view name) {
  Writer(out, fe::kClose).u8(static_cast<std::uint8_t>(kind)).cstr(name);
}

void append_describe(Buffer& out, char kind, std::string_view name) {
  Writer(out, fe::kDescribe).u8(static_cast<std::uint8_t>(kind)).cstr(name);
}

void append_empty(Buffer& out, std::uint8_t type) { Writer(out, type).finish(); }

void append_ssl_request(Buffer& out) { Writer(out).u32(kSslCode); }

void append_cancel(Buffer& out, std::uint32_t pid, Bytes key) {
  Writer(out).u32(kCancelCode).u32(pid).bytes(key);
}

void append_command_complete(Buffer& out, std::string_view tag) {
  Writer(out, be::kCommandComplete).cstr(tag);
}

namespace {

void append_report(Buffer& out, std::uint8_t type, const Report& report) {
  Writer w(out, type);
  const auto field = [&w](char code, std::string_view value) {
    if (!value.empty()) w.u8(static_cast<std::uint8_t>(code)).cstr(value);
  };
  field('S', report.severity);
  field('V', report.severity);
  field('C', report.sqlstate);
  field('M', report.message);
  field('D', report.detail);
  field('H', report.hint);
  w.u8(0);
}

}  // namespace

void append_error(Buffer& out, const Report& report) {
  append_report(out, be::kErrorResponse, report);
}

void append_notice(Buffer& out, const Report& report) {
  append_report(out, be::kNoticeResponse, report);
}

std::string_view report_field(Bytes body, char field) {
  Reader in(body);
  while (in.ok()) {
    const auto code = static_cast<char>(in.u8());
    if (code == 0) break;
    const std::string_view value = in.cstr();
    if (in.ok() && code == field) return value;
  }
  return {};
}

}  // namespace weir::wire
