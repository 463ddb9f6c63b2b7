// Help texts, made from the verb table and the options that a verb declares.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/verb.h"

namespace ingle::cli {

std::string version_text();
/// `ingle --help`: every verb in a line.
std::string overview_text();
std::string verb_help(const Verb& verb, int width);
/// "ingle run [OPTIONS] MODEL [PROMPT...]"
std::string usage_line(const Verb& verb, const Arguments& arguments);
/// The options of a verb with --json and --help, which all have.
Arguments declared_arguments(Command& command);
/// Those that help, manual and completion show.
Arguments told_arguments(Command& command);

/// The error for a word that no verb has, with the verb that was probably meant.
Error unknown_verb(std::string_view word);
/// The error for a word that is none of those that may follow a verb, with the one that was probably meant.
Error unknown_action(std::string_view verb, std::string_view word, std::span<const std::string_view> known);

/// Breaks text at spaces so that no line is wider than `width`; lines after the first are indented.
std::string wrap(std::string_view text, int width, int indent);

}  // namespace ingle::cli
