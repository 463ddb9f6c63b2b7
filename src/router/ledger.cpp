#include "router/ledger.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <mutex>
#include <nlohmann/json.hpp>

#include "base/files.h"

namespace ingle::router {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;  // the schema's last line says the same
constexpr int kBusyMs = 5'000;

constexpr const char* kSchema = R"(
CREATE TABLE IF NOT EXISTS decisions (
  row INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, unix INTEGER NOT NULL, model TEXT NOT NULL,
  local_model TEXT NOT NULL, provider TEXT NOT NULL, route TEXT NOT NULL, decided_by TEXT NOT NULL, reason TEXT NOT NULL,
  confidence REAL, threshold REAL, findings TEXT NOT NULL, bytes_out INTEGER NOT NULL, bytes_in INTEGER NOT NULL,
  prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL, cost_usd REAL, saved_usd REAL, ms REAL NOT NULL,
  outcome TEXT NOT NULL, steps TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS decisions_by_id ON decisions (id);
CREATE TABLE IF NOT EXISTS egress (
  row INTEGER PRIMARY KEY AUTOINCREMENT, unix INTEGER NOT NULL, kind TEXT NOT NULL, host TEXT NOT NULL,
  bytes_out INTEGER NOT NULL, bytes_in INTEGER NOT NULL, outcome TEXT NOT NULL, request_id TEXT NOT NULL, cost_usd REAL);
CREATE INDEX IF NOT EXISTS egress_by_time ON egress (unix);
PRAGMA user_version = 1;
)";

constexpr std::string_view kDecisionColumns =
    "row, id, unix, model, local_model, provider, route, decided_by, reason, confidence, threshold, findings, bytes_out, "
    "bytes_in, prompt_tokens, completion_tokens, cost_usd, saved_usd, ms, outcome, steps";

Error failed(sqlite3* database, std::string_view doing) {
  const int code = sqlite3_errcode(database);
  std::string text = fmt::format("{} the ledger: {}", doing, sqlite3_errmsg(database));
  if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) {
    return Error::corrupt(std::move(text)).hint("move ledger.db away; a new one is started");
  }
  return Error::io(std::move(text));
}

/// One prepared statement, bound from left to right and read from left to right.
class Statement {
 public:
  Statement(sqlite3* database, std::string_view sql) : database_(database) {
    ok_ = sqlite3_prepare_v2(database, sql.data(), static_cast<int>(sql.size()), &statement_, nullptr) == SQLITE_OK;
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(std::string_view text) {
    // An empty view may have no address, which SQLite takes for NULL.
    return bound(sqlite3_bind_text(statement_, next_++, text.empty() ? "" : text.data(), static_cast<int>(text.size()),
                                   SQLITE_TRANSIENT));
  }
  Statement& bind(int64_t value) { return bound(sqlite3_bind_int64(statement_, next_++, value)); }
  Statement& bind(uint64_t value) { return bind(static_cast<int64_t>(value)); }
  Statement& bind(double value) { return bound(sqlite3_bind_double(statement_, next_++, value)); }
  Statement& bind(const std::optional<double>& value) {
    return value ? bind(*value) : bound(sqlite3_bind_null(statement_, next_++));
  }

  /// true: a row is there to be read.
  Result<bool> step(std::string_view doing) {
    const int code = ok_ ? sqlite3_step(statement_) : SQLITE_ERROR;
    column_ = 0;
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return std::unexpected(failed(database_, doing));
  }

  std::string text() {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column_));
    const auto size = static_cast<size_t>(sqlite3_column_bytes(statement_, column_++));
    return bytes == nullptr ? std::string() : std::string(bytes, size);
  }
  int64_t integer() { return sqlite3_column_int64(statement_, column_++); }
  uint64_t count() { return static_cast<uint64_t>(integer()); }
  double real() { return sqlite3_column_double(statement_, column_++); }
  std::optional<double> optional_real() {
    if (sqlite3_column_type(statement_, column_) != SQLITE_NULL) return real();
    ++column_;
    return std::nullopt;
  }

 private:
  Statement& bound(int code) {
    ok_ = ok_ && code == SQLITE_OK;
    return *this;
  }

  sqlite3* database_;
  sqlite3_stmt* statement_ = nullptr;
  int next_ = 1;
  int column_ = 0;
  bool ok_ = false;
};

std::string findings_text(const std::vector<FindingCount>& findings) {
  Json list = Json::array();
  for (const FindingCount& finding : findings)
    list.push_back({{"kind", finding.kind}, {"count", finding.count}});
  return list.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string steps_text(const std::vector<Step>& steps) {
  Json list = Json::array();
  for (const Step& step : steps)
    list.push_back({{"step", step.step}, {"outcome", step.outcome}, {"detail", step.detail}});
  return list.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Decision read_decision(Statement& row) {
  Decision d;
  d.row = row.integer();
  d.id = row.text();
  d.unix_time = row.integer();
  d.model = row.text();
  d.local_model = row.text();
  d.provider = row.text();
  d.route = row.text();
  d.decided_by = row.text();
  d.reason = row.text();
  d.confidence = row.optional_real();
  d.threshold = row.optional_real();
  const std::string findings = row.text();
  d.bytes_out = row.count();
  d.bytes_in = row.count();
  d.prompt_tokens = row.count();
  d.completion_tokens = row.count();
  d.cost_usd = row.optional_real();
  d.saved_usd = row.optional_real();
  d.ms = row.real();
  d.outcome = row.text();
  try {
    for (const Json& item : Json::parse(findings))
      d.findings.push_back({item.at("kind"), item.at("count")});
    for (const Json& item : Json::parse(row.text()))
      d.steps.push_back({item.at("step"), item.at("outcome"), item.at("detail")});
  } catch (const std::exception&) {
    d.steps.push_back({"ledger", "unreadable", "This row was damaged."});
  }
  return d;
}

}  // namespace

struct Ledger::State {
  sqlite3* database = nullptr;
  std::mutex database_mutex;

  ~State() { sqlite3_close(database); }

  Status run(const char* sql, std::string_view doing) {
    if (sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
    return std::unexpected(failed(database, doing));
  }

  /// Two that open a new file at once disturb each other here, and SQLite does not wait for this lock by itself.
  Status use_wal() {
    constexpr int kTries = 200;
    constexpr int kPauseMs = 10;
    for (int i = 0; i < kTries; ++i) {
      if (sqlite3_exec(database, "PRAGMA journal_mode = WAL", nullptr, nullptr, nullptr) == SQLITE_OK) return {};
      if (sqlite3_errcode(database) != SQLITE_BUSY) break;
      sqlite3_sleep(kPauseMs);
    }
    return std::unexpected(failed(database, "opening"));
  }

  Status write(Decision& d) {
    Statement insert(database, fmt::format("INSERT OR REPLACE INTO decisions ({}) VALUES (nullif(?,0)"
                                           ",?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                                           kDecisionColumns));
    insert.bind(d.row).bind(d.id).bind(d.unix_time).bind(d.model).bind(d.local_model).bind(d.provider).bind(d.route);
    insert.bind(d.decided_by).bind(d.reason).bind(d.confidence).bind(d.threshold).bind(findings_text(d.findings));
    insert.bind(d.bytes_out).bind(d.bytes_in).bind(d.prompt_tokens).bind(d.completion_tokens).bind(d.cost_usd);
    insert.bind(d.saved_usd).bind(d.ms).bind(d.outcome).bind(steps_text(d.steps));
    INGLE_TRY([[maybe_unused]] const bool row, insert.step("writing to"));
    if (d.row == 0) d.row = sqlite3_last_insert_rowid(database);
    return {};
  }

  Status write(Egress& e, const std::optional<double>& cost) {
    Statement insert(database,
                     "INSERT OR REPLACE INTO egress (row, unix, kind, host, bytes_out, bytes_in, outcome, request_id, "
                     "cost_usd) VALUES (nullif(?,0),?,?,?,?,?,?,?,?)");
    insert.bind(e.row).bind(e.unix_time).bind(e.kind).bind(e.host).bind(e.bytes_out).bind(e.bytes_in).bind(e.outcome);
    insert.bind(e.request_id).bind(cost);
    INGLE_TRY([[maybe_unused]] const bool row, insert.step("writing to"));
    if (e.row == 0) e.row = sqlite3_last_insert_rowid(database);
    return {};
  }

  Result<Spent> spent_since(int64_t unix_time) {
    Statement query(
        database, "SELECT count(*), coalesce(sum(cost_usd), 0) FROM egress WHERE kind = 'cloud request' AND unix >= ?");
    query.bind(unix_time);
    INGLE_TRY([[maybe_unused]] const bool row, query.step("reading"));
    Spent spent;
    spent.requests = query.count();
    spent.cost_usd = query.real();
    return spent;
  }

  /// All or nothing, against other processes too.
  Status in_transaction(const std::function<Status()>& work) {
    INGLE_TRY_VOID(run("BEGIN IMMEDIATE", "writing to"));
    Status done = work();
    if (done) done = run("COMMIT", "writing to");
    if (!done) sqlite3_exec(database, "ROLLBACK", nullptr, nullptr, nullptr);
    return done;
  }
};

Ledger::Ledger(std::unique_ptr<State> state) : state_(std::move(state)) {}
Ledger::~Ledger() = default;

Result<std::unique_ptr<Ledger>> Ledger::open(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  // SQLite would create it for all to read; its side files take the modes of this one. Only while it is new: closing a
  // descriptor of a file drops this process's locks on it (fcntl(2)), those of other connections included.
  {
    const base::FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  }
  auto state = std::make_unique<State>();
  if (sqlite3_open_v2(path.c_str(), &state->database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr) !=
      SQLITE_OK) {
    return std::unexpected(failed(state->database, "opening"));
  }
  sqlite3_busy_timeout(state->database, kBusyMs);
  INGLE_TRY_VOID(state->run("PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY", "opening"));
  INGLE_TRY_VOID(state->use_wal());
  Statement version(state->database, "PRAGMA user_version");
  INGLE_TRY([[maybe_unused]] const bool row, version.step("opening"));
  const int64_t found = version.integer();
  if (found > kVersion) {
    return std::unexpected(
        Error::unsupported(fmt::format("the ledger '{}' was written by a newer version", path.string())));
  }
  if (found < kVersion) {
    INGLE_TRY([[maybe_unused]] const bool end, version.step("opening"));
    INGLE_TRY_VOID(state->in_transaction([&] { return state->run(kSchema, "preparing"); }));
  }
  return std::unique_ptr<Ledger>(new Ledger(std::move(state)));
}

Status Ledger::record(Decision& decision) {
  const std::lock_guard lock(state_->database_mutex);
  return state_->write(decision);
}

Status Ledger::reserve(Decision& decision, Egress& egress, const Budget& budget, int64_t day_start) {
  const std::lock_guard lock(state_->database_mutex);
  return state_->in_transaction([&]() -> Status {
    INGLE_TRY(const Spent spent, state_->spent_since(day_start));
    if (budget.max_requests && spent.requests + 1 > *budget.max_requests) {
      return std::unexpected(Error::exhausted(
          fmt::format("the {} requests a day that the policy allows are used up", *budget.max_requests)));
    }
    if (budget.max_cost_usd && spent.cost_usd + decision.cost_usd.value_or(0) > *budget.max_cost_usd) {
      return std::unexpected(Error::exhausted(fmt::format(
          "it could cost more than is left of the {:.2f} USD a day that the policy allows", *budget.max_cost_usd)));
    }
    INGLE_TRY_VOID(state_->write(decision));
    return state_->write(egress, decision.cost_usd);
  });
}

Status Ledger::settle(Decision& decision, Egress& egress) {
  const std::lock_guard lock(state_->database_mutex);
  return state_->in_transaction([&]() -> Status {
    INGLE_TRY_VOID(state_->write(decision));
    return state_->write(egress, decision.cost_usd);
  });
}

Status Ledger::record_egress(Egress& egress) {
  const std::lock_guard lock(state_->database_mutex);
  return state_->write(egress, std::nullopt);
}

Result<Decision> Ledger::find(std::string_view id) {
  const std::lock_guard lock(state_->database_mutex);
  Statement query(state_->database,
                  fmt::format("SELECT {} FROM decisions WHERE id = ? ORDER BY row DESC LIMIT 1", kDecisionColumns));
  query.bind(id);
  INGLE_TRY(const bool found, query.step("reading"));
  if (!found) {
    return std::unexpected(Error::not_found(fmt::format("the ledger knows no request '{}'", id.substr(0, 100)))
                               .hint("only requests for the model 'auto' are in it"));
  }
  return read_decision(query);
}

Result<std::vector<Decision>> Ledger::decisions(uint32_t limit, std::string_view before) {
  const std::lock_guard lock(state_->database_mutex);
  Statement query(
      state_->database,
      fmt::format("SELECT {} FROM decisions WHERE ? = '' OR row < (SELECT max(row) FROM decisions WHERE id = "
                  "?) ORDER BY row DESC LIMIT ?",
                  kDecisionColumns));
  query.bind(before).bind(before).bind(int64_t{limit});
  std::vector<Decision> list;
  while (true) {
    INGLE_TRY(const bool more, query.step("reading"));
    if (!more) return list;
    list.push_back(read_decision(query));
  }
}

Result<std::vector<Egress>> Ledger::egress(uint32_t limit) {
  const std::lock_guard lock(state_->database_mutex);
  Statement query(
      state_->database,
      "SELECT row, unix, kind, host, bytes_out, bytes_in, outcome, request_id FROM egress ORDER BY row DESC "
      "LIMIT ?");
  query.bind(int64_t{limit});
  std::vector<Egress> list;
  while (true) {
    INGLE_TRY(const bool more, query.step("reading"));
    if (!more) return list;
    Egress e;
    e.row = query.integer();
    e.unix_time = query.integer();
    e.kind = query.text();
    e.host = query.text();
    e.bytes_out = query.count();
    e.bytes_in = query.count();
    e.outcome = query.text();
    e.request_id = query.text();
    list.push_back(std::move(e));
  }
}

Result<EgressTotals> Ledger::totals() {
  const std::lock_guard lock(state_->database_mutex);
  Statement query(
      state_->database,
      "SELECT (SELECT coalesce(sum(bytes_out), 0) FROM egress), (SELECT coalesce(sum(bytes_out), 0) FROM egress "
      "WHERE kind = 'cloud request'), (SELECT count(*) FROM egress), (SELECT "
      "count(*) FROM decisions WHERE provider <> '' AND decided_by IN ('gate', 'offline', 'budget'))");
  INGLE_TRY([[maybe_unused]] const bool row, query.step("reading"));
  EgressTotals totals;
  totals.bytes_out = query.count();
  totals.text_bytes_out = query.count();
  totals.requests = query.count();
  totals.blocked = query.count();
  return totals;
}

Result<Spent> Ledger::spent_since(int64_t unix_time) {
  const std::lock_guard lock(state_->database_mutex);
  return state_->spent_since(unix_time);
}

}  // namespace ingle::router
