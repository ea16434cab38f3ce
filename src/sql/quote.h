// Values and names as SQL text that means exactly them, whatever the session's settings are.
// A zero byte, which PostgreSQL's text can't hold, ends the value.
#pragma once

#include <string>
#include <string_view>

namespace weir::sql {

// E'...', right under either standard_conforming_strings and backslash_quote. Where the client's
// encoding has characters that end in a backslash byte (SJIS, BIG5, GBK), such a character comes
// out wrong, but nothing in the value can end the literal.
void append_literal(std::string& out, std::string_view value);

// "..."; an empty name, which PostgreSQL has not, makes an empty pair of quotes.
void append_identifier(std::string& out, std::string_view name);

}  // namespace weir::sql
