// From words scattered over a page to text in reading order, row by row. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "documents/document.h"

namespace ingle::documents {

struct LooseWord {
  std::string text;
  Box box;
};

/// Words that the page sets beside each other; a cell of a table is a run of its own.
using Run = std::vector<LooseWord>;

/// Adds a page: rows by overlap in height, from top to bottom, runs from left to right.
void append_page(Document& document, const Page& page, const std::vector<Run>& runs);

}  // namespace ingle::documents
