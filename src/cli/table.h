// Columns of text, as wide as their widest cell; the last column is not padded.
#pragma once

#include <string>
#include <vector>

namespace ingle::cli {

using TableRow = std::vector<std::string>;
std::string table_text(const std::vector<TableRow>& rows);

}  // namespace ingle::cli
