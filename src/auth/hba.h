// The auth_hba_file: which client has to prove itself in which way. The first line that fits
// counts. Pure; immutable after parsing, so any thread may read it; the Config's.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "auth/auth_type.h"
#include "auth/field_line.h"
#include "auth/ip_address.h"
#include "auth/ldap_options.h"

namespace weir::auth {

// How near a client is to this machine: for samehost and samenet.
enum class Nearness : std::uint8_t { Unknown, Far, SameNet, SameHost };

struct HbaRequest {
  std::string_view database, user;
  bool replication = false;  // physical: it names no database
  bool tls = false;
  bool unix_socket = false;
  std::optional<IpAddress> address = {};  // of TCP
  Nearness nearness = Nearness::Unknown;
};

struct HbaRule {
  enum class Connection : std::uint8_t { Local, Host, HostSsl, HostNoSsl };
  enum class From : std::uint8_t { All, SameHost, SameNet, Range };

  Connection connection = Connection::Host;
  bool all_databases = false, same_user = false, replication = false, all_users = false;
  std::set<std::string, std::less<>> databases, users;
  From from = From::All;
  IpRange range = {};
  AuthType method = AuthType::Reject;
  std::string map = {};               // of peer and cert; empty: the names must be equal
  std::string pam_service = {};       // empty: pgbouncer
  std::optional<LdapOptions> ldap = {};
  unsigned line = 0;
};

// Reads one line; a problem's text says the cure.
Result<HbaRule> parse_hba_rule(const FieldLine& line, const std::string& file,
                               const TextFiles& files);

class HbaRules {
 public:
  // Nullptr where no line fits, and where it is not known whether one does.
  const HbaRule* match(const HbaRequest& request) const;
  void add(HbaRule rule);
  const std::vector<HbaRule>& list() const { return rules_; }
  // Whether some line asks for a client's nearness.
  bool asks_nearness() const { return asks_nearness_; }

 private:
  std::vector<HbaRule> rules_;
  bool asks_nearness_ = false;
};

// A line that cannot be used is a problem: with any, the file must not be used, since what the
// line was meant to keep out would come in by a later one.
HbaRules parse_hba(std::string_view text, const std::string& file, const TextFiles& files,
                   FileProblems& problems);

}  // namespace weir::auth
