// The test that a table of fields and its parser agree, for every dialect.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>

#include "api/json_input.h"

namespace ingle::api::testing {

/// The table and those within it, each once.
inline void collect_tables(const FieldTable& table, std::set<const Field*>& rows, const std::string& path = "") {
  std::set<std::string_view> names;
  for (const Field& row : table) {
    const std::string place = path + std::string(row.name);
    EXPECT_TRUE(names.insert(row.name).second) << place << " has two rows";
    EXPECT_EQ(row.support == Support::kRejected, row.status >= 400) << place;
    EXPECT_TRUE(is_read(row) || !row.note.empty()) << place << " says no reason";
    EXPECT_TRUE(!is_read(row) || !row.type.empty()) << place << " has no type";
    if (is_read(row) && rows.insert(&row).second && row.inner != nullptr) collect_tables(*row.inner, rows, place + ".");
  }
}

/// Together the bodies make the parser read every row that is honoured, in the table and those within, and it reads
/// nothing else. Bodies may be refused: what was asked for before counts.
inline void expect_reads_its_fields(const FieldTable& table, const std::function<void(std::string_view)>& parse,
                                    std::initializer_list<std::string_view> bodies) {
  ReadLog log;
  for (const std::string_view body : bodies)
    parse(body);
  EXPECT_EQ(log.unlisted, std::set<std::string>{}) << "read without an honoured row";
  std::set<const Field*> rows;
  collect_tables(table, rows);
  for (const Field* row : rows)
    EXPECT_TRUE(log.rows.contains(row)) << "the row '" << row->name << "' is honoured and not read (" << row->note
                                        << ")";
  for (const Field* row : log.rows)
    EXPECT_TRUE(rows.contains(row)) << "'" << row->name << "' is read from another table";
}

}  // namespace ingle::api::testing
