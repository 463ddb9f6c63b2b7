#include "text/grammar/constraint.h"

#include "text/grammar/compile.h"
#include "text/grammar/schema.h"

namespace ingle::text::grammar {
namespace {

constexpr size_t kMaxSources = 64;

}  // namespace

Result<Constraint> Constraint::from_schema(std::string_view json, std::span<const CopySource> sources,
                                           std::shared_ptr<const TokenTrie> tokens) {
  if (sources.size() > kMaxSources) {
    return std::unexpected(Error::refused("there are " + std::to_string(sources.size()) +
                                          " texts to copy from, at most " + std::to_string(kMaxSources) +
                                          " are taken"));
  }
  std::vector<std::string> names;
  std::vector<std::shared_ptr<const CopyText>> texts;
  for (const CopySource& source : sources) {
    names.push_back(source.name);
    INGLE_TRY(auto text, CopyText::create(source.text));
    texts.push_back(std::move(text));
  }
  INGLE_TRY(const SchemaTree tree, parse_schema(json, names));
  INGLE_TRY(auto program, compile(tree, std::move(texts), tokens->single_bytes()));
  return Constraint(std::make_shared<Masker>(std::move(program), std::move(tokens)));
}

}  // namespace ingle::text::grammar
