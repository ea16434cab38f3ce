#include "cli/command_line.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cli/pooler_arguments.h"
#include "cli/up.h"
#include "config/explain.h"
#include "config/load.h"
#include "config/options.h"
#include "runtime/run.h"
#include "runtime/tls_contexts.h"
#include "runtime/version.h"
#include "watch/top.h"

namespace weir::cli {

namespace {

int run_pooler(int argc, char* const* argv) {
  const auto arguments = parse_pooler_arguments(argc, argv);
  if (!arguments) return 1;
  switch (arguments->ask) {
    case PoolerArguments::Ask::Help: fmt::print("{}", pooler_help(argv[0])); return 0;
    case PoolerArguments::Ask::Version: fmt::print("{}\n", runtime::version_text()); return 0;
    case PoolerArguments::Ask::Run: break;
  }
  return runtime::run(arguments->run);
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
  bool has(std::string_view command) const;
  int run(int argc, const char* const* argv);

 private:
  void add_up();
  void add_check();
  void add_options();
  void add_top();

  CLI::App app_{"A PostgreSQL connection pooler that takes PgBouncer's place.", "weir"};
  UpOptions up_;
  std::string checked_path_;
  bool markdown_ = false;
  watch::TopOptions top_;
  std::vector<std::string> console_;  // the words of a connection string
  int status_ = 0;
};

CommandLine::CommandLine() {
  app_.set_help_flag("-h,--help", "Show this help");
  add_up();
  add_check();
  add_options();
  add_top();
}

bool CommandLine::has(std::string_view command) const {
  const auto is_it = [command](const CLI::App* app) { return app->get_name() == command; };
  return !app_.get_subcommands(is_it).empty();
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

void CommandLine::add_top() {
  auto* command = app_.add_subcommand(
      "top", "Show pools, databases, clients and servers of a running pooler, and what they do");
  command->footer(
      "The console is asked as one of admin_users or stats_users. Without a connection string:\n"
      "127.0.0.1, port 6432, database pgbouncer. PGHOST, PGPORT, PGUSER, PGPASSWORD, PGSSLMODE,\n"
      "PGSERVICE and ~/.pgpass mean what they mean to psql. The key h shows the keys.");
  command
      ->add_option("CONNECTION-STRING", console_,
                   "As in postgres://USER@HOST:6432/pgbouncer or host=HOST user=USER")
      ->option_text(" ");
  command->add_flag("--once", top_.once,
                    "Print one sample as plain text, as where there is no terminal");
  command->add_option("--interval", top_.interval, "Between two samples")
      ->check(CLI::Range(1, static_cast<int>(watch::kLongestInterval.count())))
      ->option_text("SECONDS (2)");
  std::map<std::string, watch::View> views;
  for (const auto view : watch::kViews) views.emplace(watch::view_name(view), view);
  command->add_option("--view", top_.view, "The table to begin with, or to print")
      ->transform(CLI::CheckedTransformer(views))
      ->option_text("pools|databases|clients|servers");
  command->callback([this] {
    top_.connection_string = fmt::format("{}", fmt::join(console_, " "));
    status_ = watch::top(top_);
  });
}

int CommandLine::run(int argc, const char* const* argv) {
  try {
    app_.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app_.exit(help);
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "weir: {}\nTry \"weir {} --help\" for more information.\n", error.what(),
               argv[1]);
    return 1;
  }
  return status_;
}

}  // namespace

int run_command_line(int argc, char* const* argv) {
  CommandLine commands;
  const bool is_command = argc > 1 && commands.has(argv[1]);
  return is_command ? commands.run(argc, argv) : run_pooler(argc, argv);
}

}  // namespace weir::cli
