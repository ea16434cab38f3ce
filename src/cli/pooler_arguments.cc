#include "cli/pooler_arguments.h"

#include <fmt/format.h>
#include <getopt.h>

#include <array>
#include <cstdio>

namespace weir::cli {

namespace {

// Of options without a short form.
constexpr int kStrict = 1000;

constexpr std::array<option, 9> kOptions{{{"daemon", no_argument, nullptr, 'd'},
                                          {"quiet", no_argument, nullptr, 'q'},
                                          {"reboot", no_argument, nullptr, 'R'},
                                          {"strict", no_argument, nullptr, kStrict},
                                          {"user", required_argument, nullptr, 'u'},
                                          {"verbose", no_argument, nullptr, 'v'},
                                          {"version", no_argument, nullptr, 'V'},
                                          {"help", no_argument, nullptr, 'h'},
                                          {nullptr, 0, nullptr, 0}}};

std::nullopt_t refuse(const char* program) {
  fmt::print(stderr, "Try \"{} --help\" for more information.\n", program);
  return std::nullopt;
}

}  // namespace

std::optional<PoolerArguments> parse_pooler_arguments(int argc, char* const* argv) {
  PoolerArguments parsed;
  optind = 0;  // from the beginning, whoever has parsed before
  for (;;) {
    // getopt tells what is wrong, in the words that users of PgBouncer know.
    switch (getopt_long(argc, argv, "dqRu:vVh", kOptions.data(), nullptr)) {
      case 'd': parsed.run.daemon = true; continue;
      case 'q': parsed.run.quiet = true; continue;
      case 'R': parsed.run.reboot = true; continue;
      case kStrict: parsed.run.strict = true; continue;
      case 'u': parsed.run.user = optarg; continue;
      case 'v': ++parsed.run.verbose; continue;
      case 'V': parsed.ask = PoolerArguments::Ask::Version; return parsed;
      case 'h': parsed.ask = PoolerArguments::Ask::Help; return parsed;
      case -1: break;
      default: return refuse(argv[0]);
    }
    break;
  }
  if (optind + 1 != argc) {
    fmt::print(stderr, "{}: {}\n", argv[0],
               optind == argc ? "no configuration file specified"
                              : "more than one configuration file specified");
    return refuse(argv[0]);
  }
  parsed.run.config_path = argv[optind];
  return parsed;
}

std::string pooler_help(const char* program) {
  return fmt::format(R"({0} is a connection pooler for PostgreSQL that takes PgBouncer's place.

Usage:
  {0} [OPTION]... CONFIG_FILE
  {0} COMMAND [OPTION]...

Options:
  -d, --daemon         run in background (as a daemon)
  -q, --quiet          run quietly
  -R, --reboot         take over from the running process, clients and all
      --strict         behave as PgBouncer 1.26.1 does, also where Weir does better
  -u, --user=USERNAME  assume identity of USERNAME
  -v, --verbose        increase verbosity
  -V, --version        show version, then exit
  -h, --help           show this help, then exit

Commands ("{0} COMMAND --help" tells more):
  up                   start a private PostgreSQL with the pooler in front of it
  top                  show what a running pooler does
  check                print every problem of a configuration
  options              list the options of the configuration
)",
                     program);
}

}  // namespace weir::cli
