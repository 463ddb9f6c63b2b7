#include "text/tokenizer/pretokenizer_table.h"

// The expressions are those of the models' own tokenizer.json, in the form that llama.cpp gives them where the two
// differ (src/llama-vocab.cpp of llama.cpp: names, flags, and its reading of \p{Lu} and its kind as any letter).

namespace ingle::text {
namespace {

using Text = std::string_view;
using Ranges = std::span<const CodePointRange>;

// Expressions that several rows share, and their parts.
#define CONTRACTIONS R"((?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]))"
#define SPACES R"(|\s*[\r\n]+|\s+(?!\S)|\s+)"
#define OTHERS R"(| ?[^\s\p{L}\p{N}]+[\r\n]*)"

constexpr Text kGpt2 = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr Text kQwen2 = CONTRACTIONS R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N})" OTHERS SPACES;
constexpr Text kLlama3 = CONTRACTIONS R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3})" OTHERS SPACES;
constexpr Text kNotInSentence = R"( ?[^(\s|.,!?)\p{1}]+)";
constexpr Text kLines = R"([^\n]+|[\n]+)";

constexpr Text kGpt2Passes[] = {kGpt2};
constexpr Text kQwen2Passes[] = {kQwen2};
constexpr Text kLlama3Passes[] = {kLlama3};
constexpr Text kDefaultPasses[] = {R"([\p{P}\$\+<=>\^~\|]+)", kGpt2, R"(\p{N}+)", "[0-9][0-9][0-9]"};
constexpr Text kFalconPasses[] = {R"([\p{P}\$\+<=>\^~\|`]+)", kGpt2, "[0-9][0-9][0-9]"};
constexpr Text kDigitsThenGpt2Passes[] = {R"(\p{N})", kGpt2};
constexpr Text kQwen35Passes[] = {CONTRACTIONS
                                  R"(|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*)" SPACES};
constexpr Text kUfakzekaPasses[] = {R"([^\r\n\p{L}\p{N}]?\p{L}+|\p{N})" OTHERS SPACES};
constexpr Text kSeedCoderPasses[] = {CONTRACTIONS R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}\r\n]+)" SPACES};
constexpr Text kBailingPasses[] = {R"('(?:[sSdDmMtT]|[lL][lL]|[vV][eE]|[rR][eE])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N})" OTHERS
                                   R"(|\s*[\r\n]|\s+(?!\S)|\s+)"};
constexpr Text kMiniCpm5Passes[] = {R"(\p{N}{1,3})", CONTRACTIONS R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}+)" OTHERS SPACES};
constexpr Text kLagunaPasses[] = {kLines, kQwen2};
// The original repeats a group inside a repeated group; what it accepts is this, and this never tries twice.
constexpr Text kExaoneMoePasses[] = {
    CONTRACTIONS
    R"(|[^\r\n\p{L}\p{N}]?\p{L}(?:[\p{L}\p{M}]| \p{L})*+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+)"};
// Behind a space there is no line end left to look for, or an earlier try would have taken it: without that condition a
// long run of spaces would be searched anew every 512.
constexpr Text kJais2Passes[] = {
    CONTRACTIONS R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3})" OTHERS
                 R"(|(?<!\s(?<![\r\n]))\s*[\r\n]+|\s{512}(?!\S)|\s{256}(?!\S)|\s{128}(?!\S)|\s{64}(?!\S)|\s{32}(?!\S))"
                 R"(|\s{16}(?!\S)|\s{8}(?!\S)|\s{4}(?!\S)|\s{1,2}(?!\S)|\s{1})"};

constexpr Text kTekkenPasses[] = {
    R"([^\r\n\p{L}\p{N}]?\p{U}*\p{W}+|[^\r\n\p{L}\p{N}]?\p{U}+\p{W}*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*)" SPACES};
constexpr Text kGpt4oPasses[] = {R"([^\r\n\p{L}\p{N}]?\p{U}*\p{W}+)" CONTRACTIONS
                                 R"(?|[^\r\n\p{L}\p{N}]?\p{U}+\p{W}*)" CONTRACTIONS
                                 R"(?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*)" SPACES};
constexpr Text kGraniteMultiPasses[] = {R"([^\r\n\p{L}\p{N}]?[\p{U}\p{M}]*[\p{W}\p{M}]+)" CONTRACTIONS
                                        R"(?|[^\r\n\p{L}\p{N}]?[\p{U}\p{M}]+[\p{W}\p{M}]*)" CONTRACTIONS
                                        R"(?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*)" SPACES};
// First pass: digits in groups of three counted from the right, the first group together with what stands before it.
constexpr Text kTinyAyaPasses[] = {R"([^\p{N}]*+(?<!\p{N})\p{N}{1,2}(?=(?:\p{N}{3})*+(?!\p{N}))|[^\p{N}]*+\p{N}{3})",
                                   R"([^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+)" CONTRACTIONS
                                   R"(?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*)" SPACES};

constexpr Text kDeepseekLlmPasses[] = {
    "[\r\n]", R"(\s?[A-Za-z\p{1}]+)", R"(\s?[!-/:-~\p{2}]+)", R"((?<!\s)\s+$)", R"(\p{3}+)", R"(\p{N}+)"};
constexpr Text kDeepseekCoderPasses[] = {"[\r\n]", R"(\s?\p{L}+)", R"(\s?\p{P}+)", R"(\p{1}+)", R"(\p{N})"};
#define DEEPSEEK3_WORDS \
  R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+)"
constexpr Text kDeepseek3Passes[] = {R"(\p{N}{1,3})", R"(\p{1}+)", DEEPSEEK3_WORDS R"([\r\n]*)" SPACES};
constexpr Text kSpark25Passes[] = {R"(\p{N}{1,3})", R"(\p{1}+)", DEEPSEEK3_WORDS R"(|[\r\n]|\s+(?!\S)|\s+)",
                                   R"(\p{N})"};
constexpr Text kYoutuPasses[] = {R"(\p{1}+|\p{2}+|\p{3}+)", R"([^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+)" CONTRACTIONS
                                                            R"(?|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*)" SPACES};
constexpr Text kBloomPasses[] = {kNotInSentence};
constexpr Text kVikingPasses[] = {kNotInSentence, R"(\p{N})"};

#undef CONTRACTIONS
#undef SPACES
#undef OTHERS
#undef DEEPSEEK3_WORDS

constexpr CodePointRange kCasedLetters[] = {
    {0xB5, 0xB5},       {0xC0, 0xD6},       {0xD8, 0xF6},       {0xF8, 0x1BA},      {0x1BC, 0x1BF},
    {0x1C4, 0x293},     {0x295, 0x2AF},     {0x370, 0x373},     {0x376, 0x377},     {0x37B, 0x37D},
    {0x37F, 0x37F},     {0x386, 0x386},     {0x388, 0x38A},     {0x38C, 0x38C},     {0x38E, 0x3A1},
    {0x3A3, 0x3F5},     {0x3F7, 0x481},     {0x48A, 0x52F},     {0x531, 0x556},     {0x10A0, 0x10C5},
    {0x13A0, 0x13F5},   {0x13F8, 0x13FD},   {0x1C90, 0x1CBA},   {0x1CBD, 0x1CBF},   {0x1D00, 0x1D2B},
    {0x1D6B, 0x1D77},   {0x1D79, 0x1D9A},   {0x1E00, 0x1F15},   {0x1F18, 0x1F1D},   {0x1F20, 0x1F45},
    {0x1F48, 0x1F4D},   {0x1F50, 0x1F57},   {0x1F59, 0x1F59},   {0x1F5B, 0x1F5B},   {0x1F5D, 0x1F5D},
    {0x1F5F, 0x1F7D},   {0x1F80, 0x1FB4},   {0x1FB6, 0x1FBC},   {0x1FBE, 0x1FBE},   {0x1FC2, 0x1FC4},
    {0x1FC6, 0x1FCC},   {0x1FD0, 0x1FD3},   {0x1FD6, 0x1FDB},   {0x1FE0, 0x1FEC},   {0x1FF2, 0x1FF4},
    {0x1FF6, 0x1FFC},   {0x2102, 0x2102},   {0x2107, 0x2107},   {0x210A, 0x2113},   {0x2115, 0x2115},
    {0x2119, 0x211D},   {0x2124, 0x2124},   {0x2126, 0x2126},   {0x2128, 0x2128},   {0x212A, 0x212D},
    {0x212F, 0x2134},   {0x2139, 0x2139},   {0x213C, 0x213F},   {0x2145, 0x2149},   {0x214E, 0x214E},
    {0x2183, 0x2184},   {0x2C00, 0x2C7B},   {0x2C7E, 0x2CE4},   {0x2CEB, 0x2CEE},   {0x2CF2, 0x2CF3},
    {0xA640, 0xA66D},   {0xA680, 0xA69B},   {0xA722, 0xA76F},   {0xA771, 0xA787},   {0xA78B, 0xA78E},
    {0xAB70, 0xABBF},   {0xFB00, 0xFB06},   {0xFB13, 0xFB17},   {0xFF21, 0xFF3A},   {0xFF41, 0xFF5A},
    {0x10400, 0x1044F}, {0x104B0, 0x104D3}, {0x104D8, 0x104FB}, {0x10C80, 0x10CB2}, {0x10CC0, 0x10CF2},
    {0x118A0, 0x118DF}, {0x1E900, 0x1E943}};
constexpr CodePointRange kWidePunctuation[] = {{0x2018, 0x201F}, {0x3001, 0x3002}, {0xFF01, 0xFF0F}, {0xFF1A, 0xFF5E}};
constexpr CodePointRange kFarEast[] = {{0x800, 0x9FA5}, {0xAC00, 0xD7FF}};
constexpr CodePointRange kHanAndKana[] = {{0x3040, 0x30FF}, {0x4E00, 0x9FA5}};
constexpr CodePointRange kSentencePunctuation[] = {{0x60C, 0x60C},   {0x6D4, 0x6D4},   {0x964, 0x964},
                                                   {0x2026, 0x2026}, {0x3001, 0x3002}, {0xFF0C, 0xFF0C}};
constexpr CodePointRange kHangul[] = {{0x3131, 0x318E}, {0xAC00, 0xD7A3}};
constexpr CodePointRange kEastPunctuation[] = {{0x2014, 0x2014}, {0x2018, 0x2019}, {0x201C, 0x201D},
                                               {0x2026, 0x2026}, {0x3001, 0x303F}, {0xFE30, 0xFE4F},
                                               {0xFF01, 0xFF01}, {0xFF0C, 0xFF0C}, {0xFF1A, 0xFF1B}};
constexpr CodePointRange kKanaHanBopomofo[] = {{0x3040, 0x30FF}, {0x3105, 0x312F}, {0x4E00, 0x9FA5}};

constexpr Ranges kDeepseekLlmSets[] = {kCasedLetters, kWidePunctuation, kFarEast};
constexpr Ranges kFarEastSets[] = {kFarEast};
constexpr Ranges kHanAndKanaSets[] = {kHanAndKana};
constexpr Ranges kSentenceSets[] = {kSentencePunctuation};
constexpr Ranges kYoutuSets[] = {kHangul, kEastPunctuation, kKanaHanBopomofo};

constexpr Text kGpt2Names[] = {"gpt-2",      "phi-2",   "jina-es",  "jina-de",        "gigachat", "jina-v2-es",
                               "jina-v2-de", "a.x-4.0", "mellum",   "modern-bert",    "exaone4",  "mpt",
                               "olmo",       "jais",    "trillion", "granite-docling"};
constexpr Text kDefaultNames[] = {"default"};
constexpr Text kDigitsThenGpt2Names[] = {"smollm",    "starcoder", "refact",     "command-r",
                                         "codeshell", "exaone",    "minerva-7b", "mellum2"};
constexpr Text kLlama3Names[] = {"llama-bpe", "llama3",   "llama-v3", "falcon3",     "falcon-h1",
                                 "pixtral",   "midm-2.0", "lfm2",     "jina-v5-nano"};
constexpr Text kLlama3MergingNames[] = {"dbrx", "smaug-bpe", "chatglm-bpe"};
constexpr Text kGlm4Names[] = {"glm4", "glm5"};
constexpr Text kQwen2Names[] = {"qwen2",  "deepseek-r1-qwen", "kormo",      "f2llmv2", "stablelm2",
                                "megrez", "hunyuan",          "solar-open", "grok-2"};
constexpr Text kQwen35Names[] = {"qwen35"};
constexpr Text kFalconNames[] = {"falcon"};
constexpr Text kTekkenNames[] = {"tekken"};
constexpr Text kGpt4oNames[] = {"gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"};
constexpr Text kGraniteMultiNames[] = {"granite-embed-multi-97m"};
constexpr Text kTinyAyaNames[] = {"tiny_aya", "cohere2moe"};
constexpr Text kDeepseekLlmNames[] = {"deepseek-llm"};
constexpr Text kDeepseekCoderNames[] = {"deepseek-coder"};
constexpr Text kDeepseek3Names[] = {"deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4"};
constexpr Text kSpark25Names[] = {"spark2_5"};
constexpr Text kYoutuNames[] = {"youtu"};
constexpr Text kBloomNames[] = {"bloom", "poro-chat", "gpt3-finnish"};
constexpr Text kVikingNames[] = {"viking"};
constexpr Text kBailingNames[] = {"bailingmoe", "bailingmoe2", "llada-moe"};
constexpr Text kSeedCoderNames[] = {"seed-coder"};
constexpr Text kMiniCpm5Names[] = {"minicpm5"};
constexpr Text kLagunaNames[] = {"laguna"};
constexpr Text kExaoneMoeNames[] = {"exaone-moe"};
constexpr Text kJais2Names[] = {"jais-2"};
constexpr Text kUfakzekaNames[] = {"ufakzeka"};

constexpr PreTokenizerRow kRows[] = {
    {.names = kGpt2Names, .passes = kGpt2Passes},
    {.names = kDefaultNames, .passes = kDefaultPasses},
    {.names = kDigitsThenGpt2Names, .passes = kDigitsThenGpt2Passes},
    {.names = kLlama3Names, .passes = kLlama3Passes, .takes_whole_words = true, .adds_bos = true},
    {.names = kLlama3MergingNames, .passes = kLlama3Passes},
    {.names = kGlm4Names, .passes = kLlama3Passes, .takes_whole_words = true},
    {.names = kQwen2Names, .passes = kQwen2Passes},
    {.names = kQwen35Names, .passes = kQwen35Passes},
    {.names = kFalconNames, .passes = kFalconPasses},
    {.names = kTekkenNames, .passes = kTekkenPasses, .takes_whole_words = true, .adds_bos = true},
    {.names = kGpt4oNames, .passes = kGpt4oPasses},
    {.names = kGraniteMultiNames, .passes = kGraniteMultiPasses, .takes_whole_words = true},
    {.names = kTinyAyaNames, .passes = kTinyAyaPasses},
    {.names = kDeepseekLlmNames, .passes = kDeepseekLlmPasses, .sets = kDeepseekLlmSets},
    {.names = kDeepseekCoderNames, .passes = kDeepseekCoderPasses, .sets = kFarEastSets},
    {.names = kDeepseek3Names, .passes = kDeepseek3Passes, .sets = kHanAndKanaSets},
    {.names = kSpark25Names, .passes = kSpark25Passes, .sets = kHanAndKanaSets},
    {.names = kYoutuNames, .passes = kYoutuPasses, .takes_whole_words = true, .sets = kYoutuSets},
    {.names = kBloomNames, .passes = kBloomPasses, .sets = kSentenceSets},
    {.names = kVikingNames, .passes = kVikingPasses, .sets = kSentenceSets},
    {.names = kBailingNames, .passes = kBailingPasses},
    {.names = kSeedCoderNames, .passes = kSeedCoderPasses},
    {.names = kMiniCpm5Names, .passes = kMiniCpm5Passes, .takes_whole_words = true},
    {.names = kLagunaNames, .passes = kLagunaPasses},
    {.names = kExaoneMoeNames, .passes = kExaoneMoePasses},
    {.names = kJais2Names, .passes = kJais2Passes},
    {.names = kUfakzekaNames, .passes = kUfakzekaPasses},
};

}  // namespace

std::span<const PreTokenizerRow> pretokenizer_rows() {
  return kRows;
}

}  // namespace ingle::text
