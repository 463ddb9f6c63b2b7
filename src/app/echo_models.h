// EchoModels: every name is a model that says the same twenty words a second, the first at once, without any model: for
// trying out clients and for measuring the server alone. One thread for all streams. Any thread may call it.
#pragma once

#include <cstddef>
#include <memory>

#include "runtime/models.h"

namespace ingle::app {

class EchoModels final : public runtime::Models {
 public:
  /// More streams than `max_streams` wait, more than `max_queue` of those are refused.
  EchoModels(size_t max_streams, size_t max_queue);
  ~EchoModels() override;

  Result<std::shared_ptr<chat::Completer>> acquire(std::string_view model,
                                                   const runtime::AcquireOptions& options) override;
  void unload(std::string_view model) override;
  void let_go(std::string_view /*model*/, std::string_view /*client*/) override {}
  std::vector<runtime::LoadedModel> loaded() const override;

 private:
  class Echo;
  std::shared_ptr<Echo> echo_;
};

}  // namespace ingle::app
