#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "api/ollama/modelfile.h"
#include "app/make_model.h"
#include "cli/json_writer.h"
#include "cli/progress.h"
#include "cli/pull.h"
#include "cli/verb.h"

namespace ingle::cli {
namespace {

namespace fs = std::filesystem;
namespace ollama = api::ollama;

constexpr size_t kCopyBytes = 1 << 20;

/// FROM as a path; empty: it is a model's name. Relative ones are seen from the Modelfile.
Result<fs::path> path_of(const std::string& from, const fs::path& folder) {
  std::error_code error;
  fs::path path;
  if (from.starts_with("~/")) {
    const char* const home = std::getenv("HOME");
    if (home == nullptr) return std::unexpected(Error::usage("FROM " + from + ": HOME is not set"));
    path = fs::path(home) / from.substr(2);
  } else if (app::Front::is_path(from) || from == "." || from == "..") {
    path = folder / from;
  } else {
    return fs::path();
  }
  if (fs::is_directory(path, error))
    return std::unexpected(Error::unsupported("FROM " + from + ": '" + path.string() + "' is a folder")
                               .hint("this version converts no weights of yours; name one .gguf file"));
  return fs::absolute(path, error).lexically_normal();
}

class Create : public Command {
 public:
  void declare(Arguments& arguments) override {
    arguments.positional(name_, "NAME", "the new model's name; a model that has it is replaced");
    arguments.file(file_, "-f,--file", "the Modelfile; '-' is standard input; without it ./Modelfile");
    arguments.flag(json_, "--json", "print one JSON object");
    const auto no_quantizing = [](const std::string&) -> Status {
      return std::unexpected(Error::unsupported("this version does not quantize")
                                 .hint("FROM takes a GGUF file that is quantized already"));
    };
    arguments.option("-q,--quantize", "TYPE", "not in this version", no_quantizing).hidden = true;
  }

  Result<int> run(Context& context) override {
    INGLE_TRY(const ollama::Modelfile file, read(context));
    // Whatever the file says wrong is told before gigabytes are copied.
    INGLE_TRY_VOID(request(file, {}));
    const fs::path folder = is_standard_input() ? fs::path(".") : fs::path(file_).parent_path();
    INGLE_TRY(const fs::path weights, path_of(file.from, folder));
    std::vector<ollama::Modelfile::Pair> files;
    if (!weights.empty()) {
      INGLE_TRY(const store::Digest digest, take_over(context, weights));
      files.emplace_back(weights.filename().string(), digest.text());
    }
    INGLE_TRY(const ollama::CreateCall call, request(file, files));
    INGLE_TRY_VOID(make(context, call.model));
    INGLE_TRY(const store::InstalledModel model, context.app->store().find(name_));
    tell(context, model, file.from);
    return 0;
  }

 private:
  bool is_standard_input() const { return file_ == "-"; }

  Result<ollama::Modelfile> read(Context& context) {
    if (file_.empty()) file_ = "Modelfile";
    if (is_standard_input()) {
      INGLE_TRY(const std::string text, context.console.read_input(ollama::kMaxModelfileBytes));
      return ollama::parse_modelfile(text, "standard input");
    }
    auto text = base::read_file(file_, ollama::kMaxModelfileBytes);
    if (!text)
      return std::unexpected(std::move(text).error().hint(
          "a Modelfile says what the model is made of: printf 'FROM smollm2:135m\\nSYSTEM Be brief.\\n' > Modelfile"));
    return ollama::parse_modelfile(*text, file_);
  }

  Result<ollama::CreateCall> request(const ollama::Modelfile& file,
                                     std::span<const ollama::Modelfile::Pair> files) const {
    auto call = ollama::create_call(file, name_, files);
    if (call) return *std::move(call);
    return std::unexpected(std::move(call).error().error);
  }

  /// The file's bytes in the models folder, after a look at what they are.
  static Result<store::Digest> take_over(Context& context, const fs::path& path) {
    INGLE_TRY(const app::ModelFiles files, context.app->locate(path.string()));
    if (files.parts.size() > 1)
      return std::unexpected(
          Error::unsupported(fmt::format("'{}' consists of {} files", files.name, files.parts.size()))
              .hint("it runs where it lies: ingle run " + path.string()));
    INGLE_TRY_VOID(context.app->facts(files));
    const std::stop_token stop = context.interrupts.arm();
    INGLE_TRY(const base::FileDescriptor fd, base::FileDescriptor::open_read(path));
    INGLE_TRY(store::BlobUpload blob, context.app->store().begin_blob(files.bytes));
    Progress progress(context.console);
    std::string chunk(kCopyBytes, '\0');
    for (;;) {
      if (stop.stop_requested()) return std::unexpected(Error::cancelled("interrupted"));
      const ssize_t n = ::read(fd.get(), chunk.data(), chunk.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return std::unexpected(Error::io("cannot read '" + path.string() + "'", errno));
      if (n == 0) break;
      INGLE_TRY_VOID(blob.write(std::string_view(chunk).substr(0, static_cast<size_t>(n))));
      if (context.console.talk_is_terminal()) progress.bytes("copying " + files.name, blob.size(), files.bytes);
    }
    auto digest = blob.commit({}, stop);
    context.interrupts.disarm();
    return digest;
  }

  /// A model that is not here is pulled first.
  static Status make(Context& context, const api::CreateModel& model) {
    const auto attempt = [&] {
      const std::stop_token stop = context.interrupts.arm();
      Status made = app::make_model(*context.app, model, {}, stop);
      context.interrupts.disarm();
      return made;
    };
    Status made = attempt();
    if (made || made.error().code() != ErrorCode::kNotFound || model.from.empty()) return made;
    INGLE_TRY_VOID(pull_model(context, model.from, true));
    return attempt();
  }

  void tell(Context& context, const store::InstalledModel& model, const std::string& from) const {
    const std::string name = model.name.display();
    if (!json_) return context.console.talk(fmt::format("made {0} from {1}: ingle run {0}\n", name, from));
    JsonWriter json;
    json.begin_object()
        .member("name", name)
        .member("from", from)
        .member("digest", model.id.hex())
        .member("weights", model.digest.text())
        .member("size", model.size)
        .end_object();
    context.console.out(json.take_line());
  }

  std::string name_;
  std::string file_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_create() {
  return std::make_unique<Create>();
}

}  // namespace ingle::cli
