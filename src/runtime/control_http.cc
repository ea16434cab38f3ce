// The control thread's part of HTTP: what is answered to the questions of the server's threads.
#include <fmt/format.h>

#include <set>
#include <utility>

#include "admin/json.h"
#include "admin/merge.h"
#include "admin/render.h"
#include "admin/show.h"
#include "net/certificate_expiry.h"
#include "runtime/control.h"
#include "runtime/process_facts.h"

namespace weir::runtime {

namespace {

using http::Question;

constexpr int kNotFound = 404;
constexpr int kUnavailable = 503;

std::string names_as_json(std::span<const std::string_view> names) {
  std::string out = "[";
  for (const std::string_view name : names) {
    if (out.size() > 1) out += ',';
    admin::append_json_text(out, name);
  }
  return out + "]";
}

// Databases of whose pools one cannot connect and none has a server.
std::set<std::string> unreachable(std::span<const session::Snapshot> snapshots) {
  std::set<std::string> failing, reached;
  for (const session::PoolRow& p : admin::merge_pools(snapshots)) {
    if (p.sv_active + p.sv_being_canceled + p.sv_idle + p.sv_used + p.sv_tested > 0) {
      reached.insert(p.database);
    } else if (p.failing) {
      failing.insert(p.database);
    }
  }
  std::erase_if(failing, [&reached](const std::string& name) { return reached.contains(name); });
  return failing;
}

}  // namespace

void Control::open_http() { http_.configure(http_access(), predecessor_ != nullptr); }

http::Access Control::http_access() const { return {.config = config_, .tls = tls_.http}; }

void Control::on_question(const ControlMessage& message) {
  using Kind = Question::Kind;
  const Question& question = message.question;
  Pending pending{.question = question, .question_token = message.token};
  const bool asks_workers = question.kind == Kind::Metrics || question.kind == Kind::Ready ||
                            question.kind == Kind::Show;
  pending.with_sockets = question.kind == Kind::Show && admin::needs_sockets(question.what);
  pending.timings = question.kind == Kind::Metrics ||
                    (question.kind == Kind::Show && admin::needs_timings(question.what));
  if (asks_workers) {
    ask_snapshots(std::move(pending));
  } else {
    http_.answer(message.token, answer_question(pending));
  }
}

http::Answer Control::answer_question(const Pending& pending) const {
  switch (pending.question->kind) {
    case Question::Kind::Metrics: return metrics(pending);
    case Question::Kind::Health: return {.body = "{\"alive\":true}\n"};
    case Question::Kind::Ready: return readiness(pending.snapshots);
    case Question::Kind::Names: return {.body = names_as_json(admin::json_names()) + "\n"};
    case Question::Kind::Show: break;
  }
  const std::vector<admin::HostRow> hosts = this->hosts();
  admin::View all = view(pending.snapshots);
  all.hosts = hosts;
  std::string body = admin::render_json(pending.question->what, all);
  if (!body.empty()) return {.body = std::move(body)};
  return http::failure(kNotFound, "there is no such table: /api/v1/ lists them");
}

admin::ProcessFacts Control::process_facts() const {
  constexpr double kMicrosecond = 1e-6;
  admin::ProcessFacts facts{
      .weir_version = WEIR_VERSION, .config_hash = reloads_.hash, .reloads = reloads_.done,
      .reloads_failed = reloads_.failed, .last_reload_failed = reloads_.last_failed,
      .config_loaded_s = static_cast<double>(reloads_.loaded_us) * kMicrosecond,
      .log_lines_lost = shared_.log.lost(), .http_denied = http_.denied()};
  using Side = std::pair<std::string_view, const net::TlsContext*>;
  for (const auto& [side, context] : {Side{"client", tls_.clients.get()},
                                      Side{"server", tls_.servers.get()},
                                      Side{"http", tls_.http.get()}})
    if (const auto end = context != nullptr ? net::certificate_expiry(*context) : std::nullopt)
      facts.certificates.push_back({.side = side, .end_s = *end});
  read_process(facts);
  return facts;
}

http::Answer Control::metrics(const Pending& pending) const {
  const std::vector<admin::HostRow> hosts = this->hosts();
  admin::View all = view(pending.snapshots);
  all.hosts = hosts;
  const stats::ExpositionFormat format = pending.question->format;
  return {.type = std::string(stats::Exposition::content_type(format)),
          .body = admin::render_metrics(all, process_facts(), format)};
}

http::Answer Control::readiness(std::span<const session::Snapshot> snapshots) const {
  std::vector<std::string> reasons;
  if (shutting_down_) reasons.emplace_back("the pooler is shutting down");
  if (listeners_.list().empty()) reasons.emplace_back("it does not listen for clients");
  if (reloads_.last_failed)
    reasons.emplace_back("the configuration file has errors, and the last reload was refused: see "
                         "the log");
  for (const std::string& name : unreachable(snapshots))
    reasons.push_back(fmt::format("no server of database {} can be reached: see the log", name));
  if (reasons.empty()) return {.body = "{\"ready\":true}\n"};
  const std::vector<std::string_view> views(reasons.begin(), reasons.end());
  return {.status = kUnavailable,
          .body = fmt::format("{{\"ready\":false,\"reasons\":{}}}\n", names_as_json(views))};
}

}  // namespace weir::runtime
