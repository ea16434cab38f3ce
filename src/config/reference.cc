// The option reference, written from the table so that it cannot disagree with the program.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/check.h"
#include "config/options.h"

namespace weir::config {

namespace {

std::string value_words(const Option& option) {
  switch (option.type) {
    case Type::Bool: return "0 or 1";
    case Type::Int: return option.min == 0 ? "number" : fmt::format("number from {}", option.min);
    case Type::Seconds: return "seconds";
    case Type::WholeSeconds: return "whole seconds";
    case Type::Milliseconds: return "milliseconds";
    case Type::Text: return "text";
    case Type::List: return "list";
    case Type::Choice: return fmt::format("{}", fmt::join(option.choices, ", "));
  }
  ASSERT(false);
}

std::string effect_words(const Option& option) {
  switch (option.effect) {
    case Effect::Full: return "";
    case Effect::None: return " *Accepted, no effect yet.*";
    case Effect::Needless: return fmt::format(" *Accepted, not needed: Weir {}.*", option.instead);
    case Effect::Obsolete: return " *Accepted, obsolete.*";
  }
  ASSERT(false);
}

void append_section(std::string& page, Section section, std::string_view about) {
  const bool is_entry = section != Section::Main && section != Section::Weir;
  page += fmt::format("\n## [{}]\n\n{}\n\n", section_name(section), about);
  page += is_entry ? "| key | value | meaning |\n|---|---|---|\n"
                   : "| key | value | default | by RELOAD | meaning |\n|---|---|---|---|---|\n";
  for (const Option& option : options(section)) {
    page += fmt::format("| `{}` | {} |", option.name, value_words(option));
    if (!is_entry) {
      const auto text = option.default_text.value_or("");
      page += text.empty() ? " |" : fmt::format(" `{}` |", text);
      page += option.reloadable ? " yes |" : " no |";
    }
    page += fmt::format(" {}{}{} |\n", option.help,
                        option.zero_unsets ? " 0 is as if it were not there." : "",
                        effect_words(option));
  }
}

}  // namespace

std::string reference_markdown() {
  std::string page =
      "# Options\n\n"
      "Weir reads PgBouncer's file as it is. A section is a name in brackets; a line is\n"
      "`key = value`, a comment (its first character is `;` or `#`), or `%include FILE`.\n"
      "Names with other characters than letters, digits and `_ . * -` stand in single or double\n"
      "quotes. Numbers may be octal (`0777`) or hexadecimal (`0x1ff`). Times are seconds; 0\n"
      "turns a timeout or limit off unless the table says otherwise.\n"
      "\n"
      "This page comes from the option table: `weir options --markdown`.\n";
  append_section(page, Section::Main, "The settings that PgBouncer has.");
  append_section(page, Section::Weir, "The settings that only Weir has.");
  append_section(page, Section::Databases,
                 "`name = key=value key='quoted value' ...`; the entry `*` serves every name that "
                 "has none of its own.");
  append_section(page, Section::Users, "`name = key=value ...`; these come before [databases].");
  append_section(page, Section::Peers, "`id = host=... port=...`. *Accepted, no effect yet.*");
  return page;
}

}  // namespace weir::config
