#include "store/chats.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/utf8.h"

namespace ingle::store {
namespace {

using Json = nlohmann::json;

constexpr int kBusyMs = 5'000;
constexpr size_t kMaxTitleBytes = 400;
constexpr size_t kMaxIdBytes = 40;
constexpr int kMaxHits = 200;

// `words` is the text that is searched: title and messages, kept beside the document because FTS5 must be told the old
// text to forget it. External-content tables would need the document's inside.
constexpr const char* kSchema = R"sql(
  CREATE TABLE IF NOT EXISTS chats(
    id TEXT PRIMARY KEY, title TEXT NOT NULL, model TEXT NOT NULL, updated INTEGER NOT NULL, messages INTEGER NOT NULL,
    document TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS chats_by_time ON chats(updated DESC);
  CREATE VIRTUAL TABLE IF NOT EXISTS chat_words USING fts5(id UNINDEXED, words, tokenize = 'unicode61 remove_diacritics 2');
  PRAGMA user_version = 1;
)sql";

struct Closer {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, Closer>;

bool is_id(std::string_view id) {
  return !id.empty() && id.size() <= kMaxIdBytes &&
         std::ranges::all_of(id, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

Error no_chat(std::string_view id) {
  return Error::not_found("there is no saved conversation '" + base::to_valid_utf8(id.substr(0, kMaxIdBytes)) + "'");
}

struct Extract {
  std::string title;
  std::string model;
  uint64_t n_messages = 0;
  std::string words;
};

std::string text_at(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

void add_messages(const Json& holder, Extract& extract) {
  const auto messages = holder.find("messages");
  if (messages == holder.end() || !messages->is_array()) return;
  for (const Json& message : *messages) {
    if (!message.is_object()) continue;
    ++extract.n_messages;
    extract.words += "\n" + text_at(message, "content");
  }
}

Result<Extract> look_into(std::string_view document) {
  const Json json = Json::parse(document, nullptr, false);
  if (!json.is_object()) return std::unexpected(Error::usage("a conversation is a JSON object"));
  Extract extract;
  extract.title = text_at(json, "title");
  if (extract.title.size() > kMaxTitleBytes)
    extract.title = base::to_valid_utf8(extract.title.substr(0, kMaxTitleBytes));
  extract.model = text_at(json, "model");
  extract.words = extract.title;
  add_messages(json, extract);
  if (const auto columns = json.find("columns"); columns != json.end() && columns->is_array())
    for (const Json& column : *columns)
      if (column.is_object()) add_messages(column, extract);
  return extract;
}

/// What a person types, as an FTS5 query in which every word must occur, the last one at least in its beginning.
std::string match_expression(std::string_view words) {
  std::string query;
  std::string word;
  const auto flush = [&] {
    if (!word.empty()) query += (query.empty() ? "\"" : " \"") + word + "\"*";
    word.clear();
  };
  for (const char c : words) {
    const bool is_ascii_sign = static_cast<unsigned char>(c) < 0x80 && !std::isalnum(static_cast<unsigned char>(c));
    if (is_ascii_sign) {
      flush();
    } else {
      word += c;
    }
  }
  flush();
  return query;
}

}  // namespace

struct Chats::State {
  Database database;
  std::mutex database_mutex;

  Error failure(std::string_view doing) const {
    return Error::io("conversations: " + std::string(doing) + ": " + sqlite3_errmsg(database.get()));
  }

  Status execute(const char* sql) {
    if (sqlite3_exec(database.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
    return std::unexpected(failure("writing"));
  }

  class Statement {
   public:
    Statement(State& state, const char* sql) : state_(state) {
      sqlite3_stmt* raw = nullptr;
      sqlite3_prepare_v2(state.database.get(), sql, -1, &raw, nullptr);
      statement_.reset(raw);
    }
    Statement& text(int index, std::string_view value) {
      sqlite3_bind_text64(statement_.get(), index, value.data(), value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
      return *this;
    }
    Statement& number(int index, int64_t value) {
      sqlite3_bind_int64(statement_.get(), index, value);
      return *this;
    }
    /// true: a row is there.
    Result<bool> step() {
      const int code = statement_ ? sqlite3_step(statement_.get()) : SQLITE_ERROR;
      if (code == SQLITE_ROW) return true;
      if (code == SQLITE_DONE) return false;
      return std::unexpected(state_.failure("asking"));
    }
    std::string text_of(int column) {
      const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
      const int size = sqlite3_column_bytes(statement_.get(), column);
      return bytes == nullptr ? std::string() : std::string(bytes, static_cast<size_t>(size));
    }
    int64_t number_of(int column) { return sqlite3_column_int64(statement_.get(), column); }

   private:
    State& state_;
    std::unique_ptr<sqlite3_stmt, Closer> statement_;
  };

  /// Runs `body` between BEGIN and COMMIT; its error rolls back.
  template <typename Body>
  Status transaction(Body body) {
    INGLE_TRY_VOID(execute("BEGIN IMMEDIATE"));
    Status done = body();
    if (done) done = execute("COMMIT");
    if (!done) sqlite3_exec(database.get(), "ROLLBACK", nullptr, nullptr, nullptr);
    return done;
  }

  Result<std::vector<ChatSummary>> summaries(Statement& statement) {
    std::vector<ChatSummary> list;
    for (;;) {
      INGLE_TRY(const bool row, statement.step());
      if (!row) return list;
      list.push_back({.id = statement.text_of(0),
                      .title = statement.text_of(1),
                      .model = statement.text_of(2),
                      .updated_unix = statement.number_of(3),
                      .n_messages = static_cast<uint64_t>(statement.number_of(4))});
    }
  }
};

Chats::Chats(std::unique_ptr<State> state) : state_(std::move(state)) {}
Chats::~Chats() = default;

Result<std::unique_ptr<Chats>> Chats::open(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  sqlite3* raw = nullptr;
  const mode_t before = ::umask(077);  // SQLite makes its files with the process's mask: nobody else's to read
  const int code =
      sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX, nullptr);
  auto state = std::make_unique<State>();
  state->database.reset(raw);
  Status ready;
  if (code == SQLITE_OK) {
    sqlite3_busy_timeout(raw, kBusyMs);
    // A locked process may write to its own folders only, so what SQLite sorts stays in memory.
    ready = state->execute(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;");
    if (ready) ready = state->execute(kSchema);
  }
  ::umask(before);
  if (code != SQLITE_OK)
    return std::unexpected(
        Error::io("opening '" + path.string() + "': " + (raw == nullptr ? "no memory" : sqlite3_errmsg(raw))));
  if (!ready)
    return std::unexpected(std::move(ready)
                               .error()
                               .within("'" + path.string() + "'")
                               .hint("move the file away to begin with no saved conversations"));
  return std::unique_ptr<Chats>(new Chats(std::move(state)));
}

Result<std::vector<ChatSummary>> Chats::list() {
  const std::lock_guard lock(state_->database_mutex);
  State::Statement statement(
      *state_, "SELECT id, title, model, updated, messages FROM chats ORDER BY updated DESC, id LIMIT ?1");
  statement.number(1, static_cast<int64_t>(kMaxChats));
  return state_->summaries(statement);
}

Result<std::vector<ChatSummary>> Chats::search(std::string_view words) {
  const std::string query = match_expression(words);
  if (query.empty()) return std::vector<ChatSummary>{};
  const std::lock_guard lock(state_->database_mutex);
  State::Statement statement(
      *state_,
      "SELECT c.id, c.title, c.model, c.updated, c.messages FROM chat_words w JOIN chats c ON c.id = w.id "
      "WHERE chat_words MATCH ?1 ORDER BY rank LIMIT ?2");
  statement.text(1, query).number(2, kMaxHits);
  return state_->summaries(statement);
}

Result<std::string> Chats::get(std::string_view id) {
  const std::lock_guard lock(state_->database_mutex);
  State::Statement statement(*state_, "SELECT document FROM chats WHERE id = ?1");
  statement.text(1, id);
  INGLE_TRY(const bool row, statement.step());
  if (!row) return std::unexpected(no_chat(id));
  return statement.text_of(0);
}

Status Chats::put(std::string_view id, std::string_view document, int64_t now_unix) {
  if (!is_id(id)) return std::unexpected(Error::usage("the id of a conversation is 1 to 40 of a-z, 0-9 and '-'"));
  INGLE_TRY(const Extract extract, look_into(document));
  const std::lock_guard lock(state_->database_mutex);
  return state_->transaction([&]() -> Status {
    State::Statement count(*state_, "SELECT count(*) FROM chats WHERE id <> ?1");
    INGLE_TRY_VOID(count.text(1, id).step());
    if (count.number_of(0) >= static_cast<int64_t>(kMaxChats))
      return std::unexpected(
          Error::exhausted("there are 10000 saved conversations").hint("delete some that are no longer needed"));
    State::Statement chat(*state_, "INSERT OR REPLACE INTO chats VALUES(?1, ?2, ?3, ?4, ?5, ?6)");
    chat.text(1, id).text(2, extract.title).text(3, extract.model).number(4, now_unix);
    chat.number(5, static_cast<int64_t>(extract.n_messages)).text(6, document);
    INGLE_TRY_VOID(chat.step());
    State::Statement forget(*state_, "DELETE FROM chat_words WHERE id = ?1");
    INGLE_TRY_VOID(forget.text(1, id).step());
    State::Statement words(*state_, "INSERT INTO chat_words(id, words) VALUES(?1, ?2)");
    INGLE_TRY_VOID(words.text(1, id).text(2, extract.words).step());
    return {};
  });
}

Status Chats::remove(std::string_view id) {
  const std::lock_guard lock(state_->database_mutex);
  return state_->transaction([&]() -> Status {
    State::Statement chat(*state_, "DELETE FROM chats WHERE id = ?1");
    INGLE_TRY_VOID(chat.text(1, id).step());
    if (sqlite3_changes(state_->database.get()) == 0) return std::unexpected(no_chat(id));
    State::Statement words(*state_, "DELETE FROM chat_words WHERE id = ?1");
    INGLE_TRY_VOID(words.text(1, id).step());
    return {};
  });
}

}  // namespace ingle::store
