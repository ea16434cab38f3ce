// One line of an HBA file: from fields to a rule.
#include <fmt/format.h>

#include <utility>

#include "auth/hba.h"

namespace weir::auth {

namespace {

using Connection = HbaRule::Connection;

constexpr std::pair<std::string_view, Connection> kConnections[] = {
    {"local", Connection::Local},
    {"host", Connection::Host},
    {"hostssl", Connection::HostSsl},
    {"hostnossl", Connection::HostNoSsl},
};

constexpr std::pair<std::string_view, AuthType> kMethods[] = {
    {"trust", AuthType::Trust}, {"reject", AuthType::Reject},
    {"md5", AuthType::Md5},     {"scram-sha-256", AuthType::ScramSha256},
    {"cert", AuthType::Cert},   {"password", AuthType::Plain},
    {"peer", AuthType::Peer},   {"ldap", AuthType::Ldap},
    {"pam", AuthType::Pam},
};

// Takes the fields of a line one after the other.
class LineReader {
 public:
  LineReader(const FieldLine& line, const std::string& file, const TextFiles& files)
      : fields_(line.fields), file_(file), files_(files) {
    rule_.line = line.number;
  }

  Result<HbaRule> read();

 private:
  bool at_end() const { return at_ == fields_.size(); }
  Result<Word> word(std::string_view what);
  Result<Field> list(std::string_view what);

  Result<void> read_connection();
  Result<void> read_databases();
  Result<void> read_users();
  Result<void> read_address();
  Result<void> read_method();
  Result<void> read_option(const Field& field);

  const std::vector<Field>& fields_;
  const std::string& file_;
  const TextFiles& files_;
  std::size_t at_ = 0;
  HbaRule rule_;
};

Result<HbaRule> LineReader::read() {
  auto ok = read_connection();
  if (ok) ok = read_databases();
  if (ok) ok = read_users();
  if (ok && rule_.connection != Connection::Local) ok = read_address();
  if (ok) ok = read_method();
  while (ok && !at_end()) ok = read_option(fields_[at_++]);
  if (ok && rule_.ldap) ok = check_ldap_options(*rule_.ldap);
  if (!ok) return std::unexpected(ok.error());
  return std::move(rule_);
}

Result<Word> LineReader::word(std::string_view what) {
  if (at_end()) return fail(fmt::format("the line ends before the {}", what));
  const Field& field = fields_[at_++];
  if (field.size() > 1) return fail(fmt::format("one {} is needed, not a list", what));
  return field.front();
}

// Names, with those of @files in place.
Result<Field> LineReader::list(std::string_view what) {
  if (at_end()) return fail(fmt::format("the line ends before the {}", what));
  auto names = expand_files(fields_[at_++], file_, files_);
  if (!names) return names;
  for (const Word& name : *names) {
    if (name.text.empty()) return fail(fmt::format("a {} is empty", what));
    if (name.begins_with('/'))
      return fail(fmt::format("regular expressions ({}) are not supported: list the names, or put "
                              "them in a file and write @file", name.text));
    if (name.begins_with('+'))
      return fail(fmt::format("the members of role {} are not known here: list the users, or put "
                              "them in a file and write @file", name.text.substr(1)));
  }
  return names;
}

Result<void> LineReader::read_connection() {
  const auto type = word("connection type");
  if (!type) return std::unexpected(type.error());
  for (const auto& [name, connection] : kConnections) {
    if (type->text != name) continue;
    rule_.connection = connection;
    return {};
  }
  if (type->text.starts_with("include"))
    return fail(fmt::format("{} is not supported: put the lines of the other file here",
                            type->text));
  if (type->text == "hostgssenc" || type->text == "hostnogssenc")
    return fail(fmt::format("{} is not supported, since GSSAPI encryption is not: use {}",
                            type->text, type->text == "hostgssenc" ? "hostssl" : "host"));
  return fail(fmt::format("{} is not a connection type: write local, host, hostssl or hostnossl",
                          type->text));
}

Result<void> LineReader::read_databases() {
  auto names = list("database");
  if (!names) return std::unexpected(names.error());
  for (Word& name : *names) {
    if (name.is("all")) {
      rule_.all_databases = true;
    } else if (name.is("sameuser")) {
      rule_.same_user = true;
    } else if (name.is("replication")) {
      rule_.replication = true;
    } else if (name.is("samerole") || name.is("samegroup")) {
      return fail(fmt::format("{} is not supported, since the members of roles are not known here: "
                              "list the databases, or write sameuser", name.text));
    } else {
      rule_.databases.insert(std::move(name.text));
    }
  }
  return {};
}

Result<void> LineReader::read_users() {
  auto names = list("user");
  if (!names) return std::unexpected(names.error());
  for (Word& name : *names) {
    if (name.is("all")) {
      rule_.all_users = true;
    } else {
      rule_.users.insert(std::move(name.text));
    }
  }
  return {};
}

Result<void> LineReader::read_address() {
  const auto address = word("address");
  if (!address) return std::unexpected(address.error());
  if (address->is("all") || address->is("samehost") || address->is("samenet")) {
    rule_.from = address->text == "all"        ? HbaRule::From::All
                 : address->text == "samehost" ? HbaRule::From::SameHost
                                               : HbaRule::From::SameNet;
    return {};
  }
  rule_.from = HbaRule::From::Range;
  const std::string& text = address->text;
  const bool has_bits = text.find('/') != std::string::npos;
  const auto ip = parse_ip(text.substr(0, text.find('/')));
  if (!ip || text.find('%') != std::string::npos)
    return fail(fmt::format("{} is not an IP address, all, samehost or samenet; host names are not "
                            "looked up: write the address", text));
  Result<IpRange> range = parse_ip_range(text);
  if (!has_bits && !at_end()) {
    const auto mask = word("mask");
    if (!mask) return std::unexpected(mask.error());
    range = parse_ip_range(text, mask->text);
  }
  if (!range) return std::unexpected(range.error());
  rule_.range = *range;
  return {};
}

Result<void> LineReader::read_method() {
  const auto method = word("method");
  if (!method) return std::unexpected(method.error());
  // PostgreSQL, too, reads ident on a local line as peer.
  const bool is_peer = method->text == "ident" && rule_.connection == Connection::Local;
  const std::string_view text = is_peer ? std::string_view("peer") : method->text;
  for (const auto& [name, type] : kMethods) {
    if (text != name) continue;
    rule_.method = type;
    if (type == AuthType::Ldap) rule_.ldap.emplace();
    return {};
  }
  return fail(fmt::format("{} is not a method that can be used here: write trust, reject, md5, "
                          "scram-sha-256, password, cert, peer, ldap or pam", text));
}

Result<void> LineReader::read_option(const Field& field) {
  const std::string_view text = field.front().text;
  const auto equals = text.find('=');
  const auto name = text.substr(0, equals);
  if (field.size() > 1 || equals == std::string_view::npos)
    return fail(fmt::format("{} is not of the form name=value, the value in double quotes where it "
                            "has blanks or commas", name));
  const auto value = text.substr(equals + 1);
  if (name.starts_with("ldap") && rule_.ldap) return set_ldap_option(*rule_.ldap, name, value);
  if (value.empty()) return fail(fmt::format("{}= has no value", name));
  const bool maps = rule_.method == AuthType::Peer || rule_.method == AuthType::Cert;
  if (name == "map" && maps) {
    rule_.map = value;
    return {};
  }
  if (name == "pamservice" && rule_.method == AuthType::Pam) {
    rule_.pam_service = value;
    return {};
  }
  return fail(fmt::format("{} is not an option of this method", name));
}

}  // namespace

Result<HbaRule> parse_hba_rule(const FieldLine& line, const std::string& file,
                               const TextFiles& files) {
  return LineReader(line, file, files).read();
}

}  // namespace weir::auth
