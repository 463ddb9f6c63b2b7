#include "cli/table.h"

#include <algorithm>

#include "cli/console.h"

namespace ingle::cli {

std::string table_text(const std::vector<TableRow>& rows) {
  std::vector<int> widths;
  for (const TableRow& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], display_width(row[i]));
  }
  std::string text;
  for (const TableRow& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      text += row[i];
      if (i + 1 < row.size()) text.append(static_cast<size_t>(widths[i] - display_width(row[i])) + 3, ' ');
    }
    text += '\n';
  }
  return text;
}

}  // namespace ingle::cli
