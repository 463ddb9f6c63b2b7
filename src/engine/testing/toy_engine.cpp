#include "engine/testing/toy_engine.h"

#include "text/template/chat_template.h"
#include "text/tokenizer/testing/vocabs.h"

namespace ingle::engine::testing {

ToyEngine make_toy_engine(ToySetup setup) {
  auto executor =
      std::make_unique<ToyExecutor>(setup.n_pages, setup.prefill_chunk, std::move(setup.logits), setup.n_vocab);
  ToyEngine toy;
  toy.executor = executor.get();
  EngineParts parts;
  parts.tokenizer = text::Tokenizer::create(text::testing::byte_vocab("gpt-2", setup.merges)).value();
  if (!setup.chat_template.empty()) parts.chat_template = text::ChatTemplate::compile(setup.chat_template).value();
  parts.executor = std::move(executor);
  parts.description.name = "toy";
  parts.description.vocab_size = setup.n_vocab;
  parts.description.embedding_size = ToyExecutor::kEmbd;
  parts.description.context_length = setup.context;
  parts.description.context_limit = setup.context;
  parts.description.max_embed_tokens = setup.context;
  parts.max_sequences = setup.max_sequences;
  parts.max_queue = setup.max_queue;
  parts.prefill_chunk = setup.prefill_chunk;
  parts.speculate = setup.speculate;
  parts.on_pause = std::move(setup.on_pause);
  toy.engine = std::make_unique<BatchEngine>(std::move(parts));
  return toy;
}

}  // namespace ingle::engine::testing
