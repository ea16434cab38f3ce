#include "auth/hba.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <random>

#include "auth/test_files.h"

namespace weir::auth {

namespace {

HbaRules parse(std::string_view text, const TestFiles& files = {}) {
  FileProblems problems;
  auto rules = parse_hba(text, "/etc/pg_hba.conf", files, problems);
  for (const auto& p : problems) FAIL_CHECK(p.file, ":", p.line, ": ", p.text);
  return rules;
}

// "" where the line is right.
std::string problem(std::string_view text) {
  FileProblems problems;
  (void)parse_hba(text, "pg_hba.conf", TestFiles{}, problems);
  return problems.empty() ? ""
                          : fmt::format("{}: {}", problems.front().line, problems.front().text);
}

HbaRequest tcp(std::string_view database, std::string_view user, std::string_view address) {
  return {.database = database, .user = user, .address = parse_ip(address)};
}

unsigned line_of(const HbaRules& rules, const HbaRequest& request) {
  const HbaRule* rule = rules.match(request);
  return rule == nullptr ? 0 : rule->line;
}

}  // namespace

TEST_CASE("the first line that fits counts") {
  const auto rules = parse(
      "# a comment\n"
      "host all bob 127.0.0.1/32 reject\n"
      "host other carol all trust\n"
      "host app carol 127.0.0.1 255.255.255.255 trust\n"
      "host app dora,erin 10.0.0.0/8 scram-sha-256\n"
      "host all all ::1/128 md5\n");
  CHECK(line_of(rules, tcp("app", "bob", "127.0.0.1")) == 2);
  CHECK(rules.match(tcp("app", "bob", "127.0.0.1"))->method == AuthType::Reject);
  CHECK(line_of(rules, tcp("app", "bob", "127.0.0.2")) == 0);
  CHECK(line_of(rules, tcp("other", "carol", "8.8.8.8")) == 3);
  CHECK(line_of(rules, tcp("app", "carol", "127.0.0.1")) == 4);
  CHECK(line_of(rules, tcp("app", "erin", "10.1.2.3")) == 5);
  CHECK(line_of(rules, tcp("app", "erin", "11.1.2.3")) == 0);
  CHECK(line_of(rules, tcp("app", "anybody", "::1")) == 6);
}

TEST_CASE("the type of the connection is looked at") {
  const auto rules = parse(
      "local a all trust\nhostssl b all all trust\nhostnossl c all all trust\n"
      "host d all all trust\n");
  const auto unix_socket = [](std::string_view database) {
    return HbaRequest{.database = database, .user = "u", .unix_socket = true};
  };
  const auto over = [](std::string_view database, bool tls) {
    auto request = tcp(database, "u", "1.2.3.4");
    request.tls = tls;
    return request;
  };
  CHECK(line_of(rules, unix_socket("a")) == 1);
  CHECK(line_of(rules, over("a", false)) == 0);
  CHECK(line_of(rules, over("b", true)) == 2);
  CHECK(line_of(rules, over("b", false)) == 0);
  CHECK(line_of(rules, over("c", true)) == 0);
  CHECK(line_of(rules, over("c", false)) == 3);
  CHECK(line_of(rules, over("d", true)) == 4);
  CHECK(line_of(rules, over("d", false)) == 4);
  CHECK(line_of(rules, unix_socket("d")) == 0);
}

TEST_CASE("keywords in quotes are names") {
  const auto rules = parse(
      "host \"all\" u all trust\nhost sameuser all all md5\nhost d \"all\" all trust\n"
      "host \"a b\",\"c,d\" u all reject\n");
  CHECK(line_of(rules, tcp("all", "u", "1.1.1.1")) == 1);
  CHECK(line_of(rules, tcp("x", "u", "1.1.1.1")) == 0);
  CHECK(line_of(rules, tcp("v", "v", "1.1.1.1")) == 2);
  CHECK(line_of(rules, tcp("d", "all", "1.1.1.1")) == 3);
  CHECK(line_of(rules, tcp("d", "u", "1.1.1.1")) == 0);
  CHECK(line_of(rules, tcp("a b", "u", "1.1.1.1")) == 4);
  CHECK(line_of(rules, tcp("c,d", "u", "1.1.1.1")) == 4);
}

TEST_CASE("a physical replication connection is met by its keyword only") {
  const auto rules = parse("host all all all trust\nhost replication rep all md5\n");
  auto request = tcp("rep", "rep", "1.1.1.1");
  CHECK(line_of(rules, request) == 1);
  request.replication = true;
  CHECK(line_of(rules, request) == 2);
}

TEST_CASE("samehost and samenet ask how near a client is") {
  const auto rules = parse("host a all samehost trust\nhost a all samenet reject\n"
                           "host all all all md5\n");
  CHECK(rules.asks_nearness());
  CHECK_FALSE(parse("host all all all md5\n").asks_nearness());
  const auto from = [&](std::string_view database, Nearness nearness) {
    auto request = tcp(database, "u", "1.2.3.4");
    request.nearness = nearness;
    return line_of(rules, request);
  };
  CHECK(from("a", Nearness::SameHost) == 1);
  CHECK(from("a", Nearness::SameNet) == 2);
  CHECK(from("a", Nearness::Far) == 3);
  CHECK(from("a", Nearness::Unknown) == 0);
  CHECK(from("b", Nearness::Unknown) == 3);
}

TEST_CASE("nobody comes in from an address that is not known") {
  const auto rules = parse("host all all 1.2.3.4/32 reject\nhost all all all trust\n");
  CHECK(rules.match({.database = "d", .user = "u"}) == nullptr);
}

TEST_CASE("lists may stand in files") {
  TestFiles files;
  files.texts["/etc/users"] = "alice\nbob, \"carol c\"\n";
  const auto rules = parse("host all @users,dora all trust\n", files);
  for (const auto* user : {"alice", "bob", "carol c", "dora"})
    CHECK(line_of(rules, tcp("d", user, "1.1.1.1")) == 1);
  CHECK(line_of(rules, tcp("d", "erin", "1.1.1.1")) == 0);
  CHECK(problem("host all @none all trust") ==
        "1: could not open none: No such file or directory");
}

TEST_CASE("methods and their options") {
  const auto rules = parse(
      "local all all peer map=ops\n"
      "local all all ident\n"
      "hostssl all all all cert map=\"my map\"\n"
      "host all all all password\n"
      "host all all all pam pamservice=weir\n"
      "host all all all ldap ldapserver=h ldapbasedn=\"dc=a, dc=b\" ldapbindpasswd=\"x y\"\n");
  const auto& list = rules.list();
  CHECK(list[0].method == AuthType::Peer);
  CHECK(list[0].map == "ops");
  CHECK(list[1].method == AuthType::Peer);
  CHECK(list[2].map == "my map");
  CHECK(list[3].method == AuthType::Plain);
  CHECK(list[4].pam_service == "weir");
  CHECK(list[5].ldap == LdapOptions{.server = "h", .base_dn = "dc=a, dc=b",
                                    .bind_password = "x y"});
}

TEST_CASE("a line that cannot be used names its number and the cure") {
  const auto says = [](std::string_view line, std::string_view part) {
    const auto text = problem(line);
    CHECK_MESSAGE(text.find(part) != std::string::npos, line, " -> ", text);
  };
  says("\nhost all all 127.0.0.1/99 reject", "2: in 127.0.0.1/99 a number from 0 to 32");
  says("host all all 127.0.0.1 trust", "trust is not an IP mask: write the range as 127.0.0.1/32");
  says("host all all 127.0.0.1", "127.0.0.1 needs a mask");
  says("host all all db.example.com md5", "host names are not looked up");
  says("host all all .example.com md5", "host names are not looked up");
  says("host all all fe80::1%eth0/64 md5", "is not an IP address");
  says("host all +admins all md5", "members of role admins are not known");
  says("host samerole all all md5", "samerole is not supported");
  says("host samegroup all all md5", "samegroup is not supported");
  says("host /^app all all md5", "regular expressions (/^app) are not supported");
  says("host all \"\" all md5", "a user is empty");
  says("host all all all gss", "gss is not a method that can be used here");
  says("host all all all any", "any is not a method");
  says("host all all all ident", "ident is not a method");
  says("hostgssenc all all all trust", "hostgssenc is not supported");
  says("include other.conf", "include is not supported");
  says("hosts all all all trust", "hosts is not a connection type");
  says("host", "the line ends before the database");
  says("host all", "the line ends before the user");
  says("host all all", "the line ends before the address");
  says("host all all all", "the line ends before the method");
  says("local all all", "the line ends before the method");
  says("host all all all trust,md5", "one method is needed, not a list");
  says("host all all all trust map=x", "map is not an option of this method");
  says("host all all all md5 clientcert=verify-full", "clientcert is not an option");
  says("local all all peer map", "map is not of the form name=value");
  says("local all all peer map=", "map= has no value");
  says("host all all all ldap", "ldap needs ldapserver=");
  says("host all all all ldap ldapserver=h ldapprefix=a ldapport=x", "x is not a port");
  says("host all \"all all trust", "a quote is not closed");
}

namespace {

// What the file is meant to say, looked at without any of the code under test.
struct Model {
  struct Line {
    int type;           // local, host, hostssl, hostnossl
    int database, user; // 0: all, 1: sameuser (of databases), else a name
    int net;            // 0: all, else 10.<net>.0.0/16
    int method;
  };
  std::vector<Line> lines;

  std::string text() const {
    constexpr const char* kTypes[] = {"local", "host", "hostssl", "hostnossl"};
    constexpr const char* kTexts[] = {"trust", "reject", "md5"};
    std::string out;
    for (const Line& l : lines) {
      const auto database = l.database == 0   ? std::string("all")
                            : l.database == 1 ? std::string("sameuser")
                                              : fmt::format("n{},x", l.database);
      const auto user = l.user == 0 ? std::string("all") : fmt::format("y, \"n{}\"", l.user);
      const auto net = l.type == 0  ? std::string()
                       : l.net == 0 ? std::string("all")
                       : l.net == 1 ? std::string("10.1.0.0 255.255.0.0")
                                    : fmt::format("10.{}.7.7/16", l.net);
      out += fmt::format("{}\t{} {} {} {}\n", kTypes[l.type], database, user, net,
                         kTexts[l.method]);
    }
    return out;
  }

  unsigned match(int kind, int database, int user, int net) const {  // kind: unix, clear, tls
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const Line& l = lines[i];
      const bool type = kind == 0 ? l.type == 0 : l.type == 1 || l.type == (kind == 2 ? 2 : 3);
      const bool db = l.database == 0 || (l.database == 1 ? database == user
                                                          : l.database == database);
      const bool from = kind == 0 || l.net == 0 || l.net == net;
      if (type && db && (l.user == 0 || l.user == user) && from)
        return static_cast<unsigned>(i) + 1;
    }
    return 0;
  }
};

}  // namespace

TEST_CASE("a file means what a naive reading of it means") {
  std::mt19937 random(7);
  const auto below = [&](unsigned n) { return static_cast<int>(random() % n); };
  for (int round = 0; round < 300; ++round) {
    Model model;
    for (int i = below(8); i >= 0; --i)
      model.lines.push_back({below(4), below(5), below(5), below(4), below(3)});
    const auto rules = parse(model.text());
    for (int i = 0; i < 40; ++i) {
      const int kind = below(3), database = 2 + below(4), user = 2 + below(4), net = 1 + below(4);
      const auto database_name = fmt::format("n{}", database), user_name = fmt::format("n{}", user);
      HbaRequest request = tcp(database_name, user_name, fmt::format("10.{}.9.9", net));
      request.unix_socket = kind == 0;
      request.tls = kind == 2;
      CHECK_MESSAGE(line_of(rules, request) == model.match(kind, database, user, net),
                    model.text());
    }
  }
}

}  // namespace weir::auth
