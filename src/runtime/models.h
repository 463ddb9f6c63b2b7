// Models: answers by a model's name. What dialects, documents and the router ask for; ModelManager is the real one, tests
// have fakes, and the composition root adds names that are no files ("auto", the router).
//
// Any thread. acquire() may take seconds: it loads a model that is not loaded.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "chat/completer.h"

namespace ingle::runtime {

/// How long a model stays loaded after its last use, in Ollama's terms: seconds; 0: not at all; negative: for ever.
using KeepAlive = int64_t;

struct AcquireOptions {
  std::optional<KeepAlive> keep_alive = {};  // nothing: what this client said last, else the setting's
  uint32_t context = 0;                      // tokens that one sequence holds at least; 0: the setting's
  bool clamp_context = false;                // more than the model was made for is as much as that; else it is refused
  std::string client = {};                   // whose request it is: a model stays as long as one of them wants it
  /// true: keep_alive counts for nobody but this client, and for no longer than the setting's. Else it is the last word.
  bool may_only_wish = false;
};

struct LoadedModel {
  std::string name;
  std::string digest;        // hexadecimal SHA-256 of the model; empty for a bare file
  uint64_t bytes = 0;        // memory that it takes
  int64_t expires_unix = 0;  // INT64_MAX: never
  uint32_t in_use = 0;       // leases out
  chat::Description description;
};

class Models {
 public:
  virtual ~Models() = default;

  /// The model, loaded if need be, and kept while the pointer lives; then its keep-alive begins. kNotFound: no such model.
  virtual Result<std::shared_ptr<chat::Completer>> acquire(std::string_view model, const AcquireOptions& options) = 0;
  /// The one name of a model with several, by which loaded() has it; of what is no model, `model` itself.
  virtual std::string name_of(std::string_view model) const { return std::string(model); }
  /// Unloads as soon as nobody holds it; no error when it is not loaded.
  virtual void unload(std::string_view model) = 0;
  /// The client wants it no longer: it stays for the others that do.
  virtual void let_go(std::string_view model, std::string_view client) = 0;
  /// Nothing is kept loaded for clients that are not known any more.
  virtual void forget_clients(const std::function<bool(std::string_view client)>& /*is_known*/) {}
  /// What acquire() makes of a keep_alive: who may only wish has no more than the setting's.
  virtual std::optional<KeepAlive> granted(const AcquireOptions& options) const { return options.keep_alive; }
  virtual std::vector<LoadedModel> loaded() const = 0;
  /// Of a loaded model, by its name in loaded(); does not count as a use. kNotFound: it is not loaded.
  virtual Result<chat::Stats> stats(std::string_view name) const {
    return std::unexpected(Error::not_found("'" + std::string(name) + "' is not loaded"));
  }
};

}  // namespace ingle::runtime
