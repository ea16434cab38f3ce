// Who may ask over HTTP. Immutable, made from a configuration; any thread.
#pragma once

#include <memory>
#include <string_view>

#include "config/config.h"
#include "net/tls_context.h"

namespace weir::http {

struct Access {
  std::shared_ptr<const config::Config> config;
  std::shared_ptr<const net::TlsContext> tls;  // null: in the clear

  // Whether everybody who reaches such an address may ask.
  bool is_open(bool loopback) const { return loopback && config->weir.http_token.empty(); }
  // What to say in the header WWW-Authenticate.
  std::string_view challenge() const;
  // Whether the header Authorization proves it: the token where there is one, else the name and
  // password of a user who may read the console.
  bool allows(std::string_view authorization) const;
};

}  // namespace weir::http
