#include "eval/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "text/grammar/check.h"

namespace ingle::eval {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using text::grammar::Checker;
using text::grammar::Validator;

constexpr uint64_t kMaxFileBytes = uint64_t{16} << 20;

class Scorer {
 public:
  Status file(const fs::path& path, std::string draft, std::string name) {
    INGLE_TRY(const std::string text, base::read_file(path, kMaxFileBytes));
    scores_.files.push_back({.draft = std::move(draft), .file = std::move(name)});
    try {
      for (const Json& group : Json::parse(text))
        one_group(group);
    } catch (const Json::exception&) {
      return std::unexpected(Error::corrupt("'" + path.string() + "' is no list of groups with schema and tests"));
    }
    return {};
  }

  SchemaScores take() { return std::move(scores_); }

 private:
  SchemaScore& score() { return scores_.files.back(); }

  void one_group(const Json& group) {
    const std::string schema = group.at("schema").dump();
    const std::string name = group.at("description");
    auto checker = Checker::create(schema);
    if (!checker) {
      ++score().refused;
      scores_.refusals.push_back({score().draft, score().file, name, checker.error().message()});
      return;
    }
    const auto validator = Validator::create(schema);
    if (checker->unenforced().empty()) {
      ++score().enforced;
    } else {
      ++score().checked;
      scores_.checked.push_back({score().draft, score().file, name, checker->unenforced().front()});
    }
    for (const Json& test : group.at("tests"))
      one_test(*checker, validator, name, test);
  }

  void one_test(Checker& checker, const Result<Validator>& validator, const std::string& group, const Json& test) {
    const std::string instance = test.at("data").dump();
    const bool valid = test.at("valid");
    const auto outcome = checker.check(instance);
    const bool accepted = outcome && outcome->accepted;
    const auto judged = validator ? validator->validate(instance) : std::unexpected(validator.error());
    // In the files about "format" alone the suite says that it asserts nothing, as it is by default.
    const bool is_format = score().file == "format" && valid && judged && *judged && (*judged)->keyword == "format";
    if (is_format && !accepted) {
      ++score().format_asserted;
      return;
    }
    if (!outcome || accepted != valid) miss(group, test, valid, accepted, outcome ? "" : outcome.error().message());
    ++(accepted ? valid ? score().accepted_right : score().accepted_wrong
       : valid  ? score().rejected_wrong
                : score().rejected_right);
    score().by_masks += !accepted && !valid && outcome && outcome->by_masks;
    if (validator && (!judged || !*judged != valid)) {
      ++score().validator_wrong;
      miss(group, test, valid, !valid, "the validator alone");
    }
  }

  void miss(const std::string& group, const Json& test, bool valid, bool accepted, std::string_view why) {
    scores_.misses.push_back({score().draft, score().file, group, test.at("description"),
                              fmt::format("{}, and was {}{}{}", valid ? "valid" : "invalid",
                                          accepted ? "accepted" : "rejected", why.empty() ? "" : ": ", why)});
  }

  SchemaScores scores_;
};

Result<std::vector<fs::path>> sorted_entries(const fs::path& folder) {
  std::vector<fs::path> out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    out.push_back(entry.path());
  if (error) return std::unexpected(Error::not_found("there is no folder '" + folder.string() + "'"));
  std::ranges::sort(out);
  return out;
}

Status score_folder(Scorer& scorer, const fs::path& folder, const std::string& draft, const std::string& prefix,
                    bool all) {
  INGLE_TRY(const auto entries, sorted_entries(folder));
  for (const fs::path& path : entries) {
    const std::string name = prefix + path.stem().string();
    if (fs::is_directory(path)) {
      if (all) INGLE_TRY_VOID(score_folder(scorer, path, draft, name + "/", all));
    } else if (path.extension() == ".json") {
      INGLE_TRY_VOID(scorer.file(path, draft, name));
    }
  }
  return {};
}

}  // namespace

Result<SchemaScores> score_schemas(const fs::path& folder, const SchemaOptions& options) {
  const auto begin = std::chrono::steady_clock::now();
  Scorer scorer;
  const fs::path tests = fs::is_directory(folder / "tests") ? folder / "tests" : folder;
  INGLE_TRY(const auto drafts, sorted_entries(tests));
  for (const fs::path& draft : drafts) {
    if (!fs::is_directory(draft)) continue;
    INGLE_TRY_VOID(score_folder(scorer, draft, draft.filename().string(), "", options.all_files));
  }
  SchemaScores scores = scorer.take();
  if (scores.files.empty())
    return std::unexpected(Error::not_found("there are no tests in '" + tests.string() + "'")
                               .hint("name the folder that holds tests/DRAFT/KEYWORD.json"));
  scores.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return scores;
}

}  // namespace ingle::eval
