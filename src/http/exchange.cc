#include "http/exchange.h"

#include <utility>

#include "http/connection.h"
#include "http/routes.h"

namespace weir::http {

namespace {

using Handled = httplib::Server::HandlerResponse;

// The library's server without its sockets: those that it makes itself work only below descriptor
// 1024, and neither end in time nor can be ended.
class Protocol : private httplib::Server {
 public:
  explicit Protocol(const Exchange& exchange) : exchange_(exchange) {
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      answer(request, response);
      return Handled::Handled;
    });
  }

  Outcome run() {
    bool closed = false;
    const bool whole = process(exchange_.connection, closed);
    if (denied_) return Outcome::Denied;
    return whole && !closed && !exchange_.last && !has_body_ ? Outcome::Kept : Outcome::Ended;
  }

 private:
  // The library's function has got more parameters over time.
  template <typename Stream>
  bool process(Stream& stream, bool& closed) {
    const auto prepare = [this](httplib::Request& request) { simplify(request); };
    if constexpr (requires { process_request(stream, false, closed, prepare); }) {
      return process_request(stream, exchange_.last, closed, prepare);
    } else {
      return process_request(stream, stream.peer(), 0, "", 0, exchange_.last, closed, prepare);
    }
  }

  // Takes out what would cost more than it gives: parts of an answer, which could be asked for a
  // thousand times over, and any compression but the quick one. Bodies are for nothing here.
  void simplify(httplib::Request& request) {
    request.ranges.clear();
    request.headers.erase("Range");
    const bool gzip = request.get_header_value("Accept-Encoding").find("gzip") != std::string::npos;
    request.headers.erase("Accept-Encoding");
    if (gzip) request.set_header("Accept-Encoding", "gzip");
    has_body_ = request.has_header("Transfer-Encoding") ||
                (request.has_header("Content-Length") &&
                 request.get_header_value("Content-Length") != "0");
    if (has_body_) request.set_header("Connection", "close");
  }

  void answer(const httplib::Request& request, httplib::Response& response) {
    const bool known = exchange_.access.is_open(exchange_.loopback) ||
                       is_open_to_all(request.path) ||
                       exchange_.access.allows(request.get_header_value("Authorization"));
    response.set_header("Cache-Control", "no-store");
    response.set_header("X-Content-Type-Options", "nosniff");
    Answer answer = known ? find_answer(request) : deny(response);
    if (answer.status == 405) response.set_header("Allow", "GET, HEAD");
    response.status = answer.status;
    response.set_content(std::move(answer.body), answer.type.c_str());
  }

  Answer find_answer(const httplib::Request& request) {
    auto routed = route(request.method, request.path, request.get_header_value("Accept"));
    if (const auto* question = std::get_if<Question>(&routed))
      return exchange_.source.ask(*question);
    return std::get<Answer>(std::move(routed));
  }

  Answer deny(httplib::Response& response) {
    denied_ = true;
    response.set_header("WWW-Authenticate", std::string(exchange_.access.challenge()));
    response.set_header("Connection", "close");
    return failure(401, "this needs a proof that you may read it: see http_token and stats_users "
                        "in the configuration");
  }

  const Exchange& exchange_;
  bool has_body_ = false;
  bool denied_ = false;
};

}  // namespace

Outcome serve_request(const Exchange& exchange) { return Protocol(exchange).run(); }

}  // namespace weir::http
