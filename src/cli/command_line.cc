#include "cli/command_line.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "cli/account.h"
#include "cli/up.h"
#include "config/explain.h"
#include "config/load.h"
#include "config/options.h"
#include "runtime/run.h"
#include "runtime/tls_contexts.h"

namespace weir::cli {

namespace {

constexpr const char* kTryHelp = "Try \"weir --help\" for more information.";

struct PoolerArguments {
  runtime::RunOptions run;
  bool daemon = false;
  std::string user;
};

int refuse(const std::string& text) {
  fmt::print(stderr, "weir: {}\n", text);
  return 1;
}

int refuse_with_help(const std::string& text) {
  refuse(text);
  fmt::print(stderr, "{}\n", kTryHelp);
  return 1;
}

// The first line is what tools that look for PgBouncer's version read.
std::string version_text() {
  return fmt::format("PgBouncer 1.26.1 (Weir {})\ntls: {}", WEIR_VERSION,
                     OpenSSL_version(OPENSSL_VERSION));
}

// -u, else the option `user`; a file with errors is for the pooler itself to report.
std::string wanted_user(const PoolerArguments& arguments) {
  if (!arguments.user.empty()) return arguments.user;
  const auto loaded = config::load(arguments.run.config_path);
  return loaded.config ? loaded.config->settings.user : "";
}

Result<void> leave_root(const std::string& user) {
  if (!user.empty()) {
    const auto account = find_account(user);
    if (!account) return std::unexpected(account.error());
    if (!become(*account))
      return fail(fmt::format("cannot run as user {}: not started as root", user));
  }
  if (geteuid() == 0) {
    return fail("Weir should not run as root; name another user with -u or the option user");
  }
  return {};
}

int run_pooler(const PoolerArguments& arguments) {
  if (arguments.daemon) {
    return refuse("-d is not supported: run Weir under a supervisor such as systemd");
  }
  const auto left = leave_root(wanted_user(arguments));
  if (!left) return refuse(left.error().text);
  return runtime::run(arguments.run);
}

int check(const std::string& path) {
  auto loaded = config::load(path);
  runtime::load_tls(loaded, path);
  for (const auto& problem : loaded.problems) fmt::print("{}\n", config::to_string(problem));
  if (loaded.config == nullptr) return 1;
  if (loaded.problems.empty()) fmt::print("{}: no problems\n", path);
  fmt::print("\n{}", config::explain(*loaded.config));
  return 0;
}

int list_options(bool markdown) {
  if (markdown) {
    fmt::print("{}", config::reference_markdown());
    return 0;
  }
  using enum config::Section;
  for (const auto section : {Main, Weir, Databases, Users, Peers}) {
    for (const auto& option : config::options(section)) {
      fmt::print("[{}] {} = {}\n    {}\n", config::section_name(section), option.name,
                 option.default_text.value_or("(not set)"), option.help);
    }
  }
  return 0;
}

class CommandLine {
 public:
  CommandLine();
  int run(int argc, const char* const* argv);

 private:
  void add_pooler();
  void add_up();
  void add_check();
  void add_options();

  CLI::App app_{"A PostgreSQL connection pooler that takes PgBouncer's place.", "weir"};
  PoolerArguments pooler_;
  UpOptions up_;
  std::string checked_path_;
  bool markdown_ = false;
  int status_ = 0;
};

CommandLine::CommandLine() {
  app_.set_help_flag("-h,--help", "Show this help");
  app_.set_version_flag("-V,--version", version_text(), "Show the version");
  add_pooler();
  add_up();
  add_check();
  add_options();
}

void CommandLine::add_pooler() {
  app_.add_option("FILE.ini", pooler_.run.config_path, "Run the pooler with this configuration");
  app_.add_flag("-d,--daemon", pooler_.daemon, "Run in the background (not supported)");
  app_.add_flag("-q,--quiet", pooler_.run.quiet, "No log on standard error");
  app_.add_flag_function(
      "-v,--verbose", [this](std::int64_t times) { pooler_.run.verbose = static_cast<int>(times); },
      "Log more; may be given up to three times");
  app_.add_flag("--strict", pooler_.run.strict,
                "Behave as PgBouncer 1.26.1 does, also where Weir does better");
  app_.add_option("-u,--user", pooler_.user, "Run as this user of the system")->option_text("USER");
}

void CommandLine::add_up() {
  auto* command = app_.add_subcommand(
      "up", "Start a private PostgreSQL with the pooler in front of it; Ctrl-C stops both");
  command
      ->add_option("--postgres-bin", up_.postgres_bin,
                   "The folder of PostgreSQL's programs (default: the newest installed)")
      ->option_text("DIR");
  command->add_option("--directory", up_.directory, "Where data, configuration and logs are kept")
      ->option_text("DIR (.weir)");
  command->add_option("--port", up_.port, "The pooler's port on 127.0.0.1")
      ->check(CLI::Range(1, 65535))
      ->option_text("PORT (6432)");
  command->callback([this] { status_ = up(up_); });
}

void CommandLine::add_check() {
  auto* command = app_.add_subcommand("check", "Print every problem of a configuration, and "
                                             "what it means");
  command->add_option("FILE.ini", checked_path_, "The configuration")->required();
  command->callback([this] { status_ = check(checked_path_); });
}

void CommandLine::add_options() {
  auto* command = app_.add_subcommand("options", "List the options of the configuration");
  command->add_flag("--markdown", markdown_, "As the page docs/options.md");
  command->callback([this] { status_ = list_options(markdown_); });
}

int CommandLine::run(int argc, const char* const* argv) {
  try {
    app_.parse(argc, argv);
  } catch (const CLI::Success& help_or_version) {
    return app_.exit(help_or_version);
  } catch (const CLI::ParseError& error) {
    return refuse_with_help(error.what());
  }
  if (!app_.get_subcommands().empty()) return status_;
  if (pooler_.run.config_path.empty()) return refuse_with_help("no configuration file specified");
  return run_pooler(pooler_);
}

}  // namespace

int run_command_line(int argc, const char* const* argv) { return CommandLine().run(argc, argv); }

}  // namespace weir::cli
