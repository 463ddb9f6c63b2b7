#include "text/grammar/grammar_cache.h"

#include <algorithm>

#include "base/sha256.h"
#include "text/grammar/compile.h"
#include "text/grammar/gbnf.h"

namespace ingle::text::grammar {
namespace {

constexpr size_t kEntryBytes = 1024;  // lists, tables and their keys, generously

size_t memory_of(const Program& program) {
  const auto size = [](const auto& list) { return list.size() * sizeof(list[0]); };
  size_t bytes = size(program.ops) + size(program.sets) + size(program.alternatives) + size(program.repeats) +
                 size(program.texts) + size(program.copies);
  for (const LanguageText& language : program.languages)
    bytes += language.texts->bytes();
  for (const FreeText& free : program.frees)
    bytes += size(free.steps) + size(free.distance);
  for (const auto& source : program.sources)
    bytes += source->memory();
  return bytes;
}

/// A digest, so that no text is kept twice and none can be made to look like another.
std::string key_of(std::string_view kind, std::string_view text, std::span<const CopySource> sources) {
  base::Sha256 digest;
  const auto add = [&](std::string_view part) {
    const uint64_t size = part.size();
    digest.update(std::as_bytes(std::span(&size, 1)));
    digest.update(std::as_bytes(std::span(part)));
  };
  add(kind);
  add(text);
  for (const CopySource& source : sources) {
    add(source.name);
    add(source.text);
  }
  return digest.finish();
}

}  // namespace

GrammarCache::GrammarCache(std::shared_ptr<const TokenTrie> tokens, size_t max_bytes)
    : tokens_(std::move(tokens)), max_bytes_(max_bytes) {}

Result<Constraint> GrammarCache::from_schema(std::string_view json, std::span<const CopySource> sources,
                                             bool may_check) {
  const std::string_view kind = may_check ? "schema, checked" : "schema";
  return find_or_compile(kind, json, sources, [&]() -> Result<std::shared_ptr<const Program>> {
    INGLE_TRY(auto compiled, compile_schema(json, sources, tokens_->single_bytes(), {.may_check = may_check}));
    return std::move(compiled.program);
  });
}

Result<Constraint> GrammarCache::from_grammar(std::string_view gbnf) {
  return find_or_compile("gbnf", gbnf, {}, [&] { return compile_gbnf(gbnf, tokens_->single_bytes()); });
}

Result<Constraint> GrammarCache::find_or_compile(std::string_view kind, std::string_view text,
                                                 std::span<const CopySource> sources, const Compile& compile) {
  std::string key = key_of(kind, text, sources);
  if (auto known = find(key)) return Constraint(std::move(known));
  if (auto refused = find_refusal(key)) return std::unexpected(*std::move(refused));
  auto program = compile();
  if (!program) {
    remember(std::move(key), program.error());
    return std::unexpected(std::move(program).error());
  }
  return Constraint(add(std::move(key), *std::move(program)));
}

std::optional<Error> GrammarCache::find_refusal(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(refusals_, key, &Refusal::key);
  if (found == refusals_.end()) return std::nullopt;
  return found->error;
}

void GrammarCache::remember(std::string key, const Error& error) {
  // What the grammar is guilty of; that no memory was there is nobody's fault and may be over.
  if (error.code() == ErrorCode::kExhausted || error.code() == ErrorCode::kInternal) return;
  const std::lock_guard lock(mutex_);
  if (std::ranges::find(refusals_, key, &Refusal::key) != refusals_.end()) return;
  if (refusals_.size() >= kMostRefusals) refusals_.pop_front();
  refusals_.push_back({std::move(key), error});
}

std::shared_ptr<Masker> GrammarCache::find(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->masker;
}

std::shared_ptr<Masker> GrammarCache::add(std::string key, std::shared_ptr<const Program> program) {
  const size_t fixed_bytes = kEntryBytes + memory_of(*program);
  auto masker = std::make_shared<Masker>(std::move(program), tokens_);
  const std::lock_guard lock(mutex_);
  ++n_compiled_;
  // Two requests may have compiled the same grammar at once; the first one's is kept.
  if (const auto found = by_key_.find(key); found != by_key_.end()) return found->second->masker;
  entries_.push_front({std::move(key), masker, fixed_bytes});
  by_key_.emplace(entries_.front().key, entries_.begin());
  make_room();
  return masker;
}

void GrammarCache::make_room() {
  size_t bytes = 0;
  for (const Entry& entry : entries_)
    bytes += entry.bytes();
  for (auto entry = entries_.end(); bytes > max_bytes_ && entry != entries_.begin();) {
    --entry;
    if (entry->masker.use_count() > 1) continue;  // its memory would not come back yet
    bytes -= entry->bytes();
    by_key_.erase(entry->key);
    entry = entries_.erase(entry);
  }
}

GrammarCache::Contents GrammarCache::contents() const {
  const std::lock_guard lock(mutex_);
  Contents contents{.grammars = entries_.size(), .bytes = 0, .compiled = n_compiled_};
  for (const Entry& entry : entries_)
    contents.bytes += entry.bytes();
  return contents;
}

}  // namespace ingle::text::grammar
