#include "documents/invoice/choose.h"

#include <fmt/format.h>
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "documents/ask.h"

namespace ingle::documents {
namespace {

using Json = nlohmann::ordered_json;

// What a model adds makes nobody's look needless when the model is smaller than this, or is no chat model: it was
// not measured that their word means anything. They may still choose.
constexpr uint64_t kTrusted = 1'000'000'000;
constexpr float kDisputed = 0.75F;  // confidence where rules and model name different values
constexpr size_t kMaxChoices = 7;
constexpr size_t kTopRows = 24;  // of the first page: who writes to whom, which number, which date
constexpr size_t kMaxPromptBytes = 6000;

struct Question {
  std::string_view field;
  std::string_view meaning;
  float sure = 0.65F;   // confidence of the rules above which nobody is asked
  float weight = 0.4F;  // of the model's word: rules read labels better than it does, and names worse
};
constexpr Question kQuestions[] = {
    {"invoice_number", "the number of this invoice itself"},
    {"issue_date", "the date on which the invoice was issued"},
    {"due_date", "the date by which it must be paid"},
    {"seller_name", "the company that issued the invoice and gets the money", 0.85F, 0.55F},
    {"buyer_name", "the customer: the company or person that the invoice is addressed to", 0.85F, 0.55F},
    {"net_total", "the total before tax"},
    {"tax_total", "the total of the tax"},
    {"grand_total", "the total including tax"},
    {"due_payable", "the amount that remains to be paid"},
};

/// The rows that matter: the top of the document and those around each candidate.
std::string excerpt(const Sheet& sheet, const InvoiceReadings& readings, const std::vector<std::string_view>& fields) {
  std::set<uint32_t> wanted;
  for (uint32_t row = 0; row < std::min<size_t>(kTopRows, sheet.rows().size()); ++row)
    wanted.insert(row);
  for (const std::string_view field : fields) {
    const Candidates& candidates = readings.of(field);
    for (size_t i = 0; i < std::min(kMaxChoices, candidates.size()); ++i) {
      const uint32_t row = sheet.cells()[sheet.cell_at(candidates[i].span.from)].row;
      for (uint32_t near = row > 0 ? row - 1 : 0; near <= std::min<size_t>(row + 1, sheet.rows().size() - 1); ++near)
        wanted.insert(near);
    }
  }
  std::string text;
  uint32_t last = 0;
  for (const uint32_t row : wanted) {
    if (text.size() > kMaxPromptBytes) break;
    if (row > last + 1) text += "...\n";
    text += sheet.index().view(sheet.rows()[row].span);
    text += '\n';
    last = row;
  }
  return text;
}

std::string choice_text(const Sheet& sheet, const Candidate& candidate) {
  return sheet.index().text(candidate.span);
}

/// Two parties are asked for together: who is the one helps to see who is the other.
void add_partner(const InvoiceReadings& readings, std::vector<std::string_view>& fields) {
  const auto asks = [&](std::string_view field) { return std::ranges::find(fields, field) != fields.end(); };
  for (const auto& [one, other] : {std::pair{"seller_name", "buyer_name"}, std::pair{"buyer_name", "seller_name"}}) {
    if (asks(one) && !asks(other) && !readings.of(other).empty()) fields.emplace_back(other);
  }
}

}  // namespace

std::vector<std::string_view> unsure_fields(const InvoiceReadings& readings) {
  std::vector<std::string_view> fields;
  for (const Question& question : kQuestions) {
    const Candidates& candidates = readings.of(question.field);
    if (!candidates.empty() && confidence_of(candidates) < question.sure) fields.push_back(question.field);
  }
  add_partner(readings, fields);
  return fields;
}

Status choose(const Sheet& sheet, InvoiceReadings& readings, chat::Completer& model, std::stop_token stop) {
  const std::vector<std::string_view> fields = unsure_fields(readings);
  if (fields.empty()) return {};
  Json properties = Json::object();
  std::string meanings;
  for (const Question& question : kQuestions) {
    if (std::ranges::find(fields, question.field) == fields.end()) continue;
    Json choices = Json::array();
    const Candidates& candidates = readings.of(question.field);
    for (size_t i = 0; i < std::min(kMaxChoices, candidates.size()); ++i) {
      const std::string text = choice_text(sheet, candidates[i]);
      if (std::ranges::find(choices, Json(text)) == choices.end()) choices.push_back(text);
    }
    choices.push_back(nullptr);
    properties[std::string(question.field)] = {{"enum", choices}};
    meanings += fmt::format("{}: {}\n", question.field, question.meaning);
  }
  Json schema = {{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
  schema["required"] = Json::array();
  for (const auto& [name, unused] : properties.items())
    schema["required"].push_back(name);

  const std::string prompt =
      "This is the text of an invoice:\n\n" + excerpt(sheet, readings, fields) +
      "\nAnswer with a JSON object that has these fields, each copied from the text, or null where the text does not say it:\n" +
      meanings;
  INGLE_TRY(const chat::Description description, model.describe());
  const bool trusted = description.has_template && description.parameters >= kTrusted;
  INGLE_TRY(const Answer answer, ask(model, prompt, schema.dump(), stop));
  for (const Question& question : kQuestions) {
    const auto chosen = answer.strings.find(std::string(question.field));
    if (chosen == answer.strings.end()) continue;
    Candidates& candidates = readings.of(question.field);
    const bool agrees = choice_text(sheet, candidates.front()) == chosen->second.text;
    const float limit = trusted ? 1 : confidence_of(candidates);
    readings.at_most[std::string(question.field)] = agrees ? limit : std::min(limit, kDisputed);
    for (Candidate& candidate : candidates) {
      if (choice_text(sheet, candidate) != chosen->second.text) continue;
      // A second opinion: it adds to what the rules say and does not replace it.
      candidate.score = std::min(1.0F, candidate.score + question.weight * (0.4F + 0.6F * chosen->second.probability));
      break;
    }
    sort_candidates(candidates);
  }
  return {};
}

}  // namespace ingle::documents
