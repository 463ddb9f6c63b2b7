// The time that masks take, at the places of given answers where the engine asks for them. bench/grammar runs it.
//
//   grammar_bench MODEL.gguf < cases     one JSON object a line: {"name", "kind": "schema" | "gbnf" | "free", "grammar",
//                                        "sources": {name: text}, "answers": [text]}
//
// "free" is free text until the marker "grammar". Between two masks the caches of the processor are filled with other memory,
// as a model's weights do. A line of JSON a case comes back: microseconds of every mask, of states met for the first time and of
// those met before.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>
#include <numeric>

#include "gguf/file.h"
#include "models/vocab.h"
#include "text/grammar/grammar_cache.h"

namespace ingle::models {
namespace {

namespace grammar = text::grammar;
using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;

double microseconds(Clock::duration duration) {
  return std::chrono::duration<double, std::micro>(duration).count();
}

/// What a model does to the caches.
void read_much() {
  static std::vector<uint64_t> memory((size_t{48} << 20) / sizeof(uint64_t), 1);
  static volatile uint64_t sum = 0;
  sum = std::accumulate(memory.begin(), memory.end(), sum);
}

Result<grammar::Constraint> constraint_of(grammar::GrammarCache& cache, const Json& test) {
  const std::string kind = test.at("kind");
  const std::string text = test.at("grammar");
  if (kind == "gbnf") return cache.from_grammar(text);
  if (kind == "free") {
    return cache.find_or_compile(kind, text, {}, [&] {
      grammar::ProgramBuilder builder(cache.tokens()->single_bytes());
      const auto call = builder.literal("{}", grammar::ProgramBuilder::kReturnOp);
      const auto start = builder.free_text({{text, call}}, grammar::ProgramBuilder::kReturnOp);
      return std::move(builder).finish(start, "free text");
    });
  }
  std::vector<std::string> texts;
  std::vector<grammar::CopySource> sources;
  const Json given = test.value("sources", Json::object());
  for (const auto& [name, source] : given.items())
    sources.push_back({name, source.get_ref<const std::string&>()});
  return cache.from_schema(text, sources);
}

struct Times {
  std::vector<double> first;
  std::vector<double> again;
  std::vector<double> accept;
};

/// False where the answer leaves the grammar.
bool walk(grammar::Constraint constraint, std::span<const text::TokenId> answer, std::vector<grammar::Constraint>& met,
          Times& times) {
  for (const text::TokenId token : answer) {
    if (constraint.forced(256).empty()) {
      const bool is_new = std::ranges::find(met, constraint) == met.end();
      if (is_new) met.push_back(constraint);
      read_much();
      const auto begin = Clock::now();
      const auto mask = constraint.allowed();
      (is_new ? times.first : times.again).push_back(microseconds(Clock::now() - begin));
      if (!grammar::contains(mask, token)) return false;
    } else if (!constraint.fits(token, grammar::kFar)) {
      return false;
    }
    const auto begin = Clock::now();
    constraint.accept(token);
    times.accept.push_back(microseconds(Clock::now() - begin));
  }
  return true;
}

Result<Json> measure(const text::Tokenizer& tokenizer, const std::shared_ptr<const grammar::TokenTrie>& trie,
                     const Json& test) {
  grammar::GrammarCache cache(trie);
  const auto begin = Clock::now();
  INGLE_TRY(const auto start, constraint_of(cache, test));
  const double compile = microseconds(Clock::now() - begin);
  Times times;
  std::vector<grammar::Constraint> met;
  size_t n_left = 0;
  for (const auto& answer : test.at("answers")) {
    const auto tokens = tokenizer.encode(answer.get_ref<const std::string&>(), {.continues = true});
    n_left += walk(start, tokens, met, times) ? 0 : 1;
  }
  return Json{{"name", test.at("name")},        {"compile", compile},     {"first", times.first},
              {"again", times.again},           {"accept", times.accept}, {"not_followed", n_left},
              {"bytes", cache.contents().bytes}};
}

int run(const char* path) {
  const auto fail = [](const Error& error) {
    std::cerr << error.message() << "\n";
    return 1;
  };
  auto file = gguf::File::open(std::filesystem::path(path));
  if (!file) return fail(file.error());
  auto vocab = read_vocab(**file);
  if (!vocab) return fail(vocab.error());
  auto tokenizer = text::Tokenizer::create(*std::move(vocab));
  if (!tokenizer) return fail(tokenizer.error());
  const auto begin = Clock::now();
  const auto trie = grammar::TokenTrie::build(**tokenizer);
  std::cout << Json{{"tokens", trie->n_tokens()}, {"build", microseconds(Clock::now() - begin)}}.dump() << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    auto measured = measure(**tokenizer, trie, Json::parse(line));
    if (!measured) return fail(measured.error());
    std::cout << measured->dump() << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace ingle::models

int main(int argc, char** argv) {
  if (argc == 2) return ingle::models::run(argv[1]);
  std::cerr << "usage: grammar_bench MODEL.gguf < cases\n";
  return 2;
}
