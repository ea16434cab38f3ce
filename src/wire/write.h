// Builds protocol messages at the end of a byte vector.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace weir::wire {

using Buffer = std::vector<std::uint8_t>;

// One message: the constructor writes its header, finish() (or the destructor) its length.
class Writer {
 public:
  Writer(Buffer& out, std::uint8_t type);
  // A message without a type byte, as in the first packet of a connection.
  explicit Writer(Buffer& out);
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() { finish(); }

  Writer& u8(std::uint8_t v);
  Writer& u16(std::uint16_t v);
  Writer& u32(std::uint32_t v);
  Writer& bytes(Bytes v);
  Writer& text(std::string_view v);  // without a terminating zero
  Writer& cstr(std::string_view v);  // with one
  void finish();

 private:
  Buffer& out_;
  std::size_t length_at_;
  bool open_ = true;
};

void append_ready(Buffer& out, char status);
void append_query(Buffer& out, std::string_view sql);
void append_parameter_status(Buffer& out, std::string_view name, std::string_view value);
void append_authentication(Buffer& out, std::uint32_t code, Bytes payload = {});
void append_parse(Buffer& out, std::string_view name, std::string_view text, Bytes types_tail);
void append_close(Buffer& out, char kind, std::string_view name);
void append_describe(Buffer& out, char kind, std::string_view name);
void append_empty(Buffer& out, std::uint8_t type);  // a message without a body
void append_ssl_request(Buffer& out);
void append_cancel(Buffer& out, std::uint32_t pid, Bytes key);
void append_command_complete(Buffer& out, std::string_view tag);

// What an ErrorResponse or NoticeResponse says. Empty fields are left out.
struct Report {
  std::string_view severity = "ERROR";
  std::string_view sqlstate = "XX000";
  std::string_view message;
  std::string_view detail = {};
  std::string_view hint = {};
};
void append_error(Buffer& out, const Report& report);
void append_notice(Buffer& out, const Report& report);

// The field of an ErrorResponse or NoticeResponse body, empty where there is none.
std::string_view report_field(Bytes body, char field);

}  // namespace weir::wire
