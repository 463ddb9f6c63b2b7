// The tables of what templates can call: one row each, found by name when a template is compiled or a method is called.
#pragma once

#include <span>
#include <string_view>

#include "text/template/value.h"

namespace ingle::text::jinja {

const Native* find_filter(std::string_view name);
const Native* find_test(std::string_view name);
const Native* find_str_method(std::string_view name);
const Native* find_list_method(std::string_view name);
const Native* find_dict_method(std::string_view name);
const Native* find_loop_method(std::string_view name);
/// range, dict, namespace, raise_exception ...
std::span<const Native> global_functions();

/// The tables behind find_filter, a file each.
std::span<const Native> text_filters();
std::span<const Native> list_filters();
std::span<const Native> value_filters();

const Native* find_in(std::span<const Native> table, std::string_view name);

}  // namespace ingle::text::jinja
