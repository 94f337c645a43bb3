#include "sync/text_merge.h"

#include <unicode/brkiter.h>
#include <unicode/locid.h>
#include <unicode/uchar.h>
#include <unicode/utext.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sync/limits.h"
#include "sync/status_macros.h"
#include "sync/unicode.h"

namespace tikar::sync {
namespace {

// --- Tokens --------------------------------------------------------------------------------------

// One for each thread: making one takes milliseconds, and one cannot be shared.
icu::BreakIterator& WordIterator() {
  thread_local const std::unique_ptr<icu::BreakIterator> iterator = [] {
    UErrorCode error = U_ZERO_ERROR;
    std::unique_ptr<icu::BreakIterator> made(
        icu::BreakIterator::createWordInstance(icu::Locale::getRoot(), error));
    CHECK(U_SUCCESS(error));
    return made;
  }();
  return *iterator;
}

// Ascending byte offsets of the boundaries after the start; the last is the text's size.
std::vector<size_t> WordBoundaries(std::string_view text) {
  UErrorCode error = U_ZERO_ERROR;
  UText utext = UTEXT_INITIALIZER;
  utext_openUTF8(&utext, text.data(), static_cast<int64_t>(text.size()), &error);
  icu::BreakIterator& iterator = WordIterator();
  iterator.setText(&utext, error);
  CHECK(U_SUCCESS(error));
  std::vector<size_t> boundaries;
  iterator.first();
  for (int32_t at = iterator.next(); at != icu::BreakIterator::DONE; at = iterator.next()) {
    boundaries.push_back(static_cast<size_t>(at));
  }
  utext_close(&utext);
  return boundaries;
}

// A text as tokens; equal tokens of the texts of one merge have the same id.
struct TokenizedText {
  std::vector<std::string_view> tokens;
  std::vector<int> ids;
};

using TokenIds = std::unordered_map<std::string_view, int>;

TokenizedText Tokenize(std::string_view text, TokenIds& token_ids) {
  TokenizedText result;
  size_t start = 0;
  for (const size_t end : WordBoundaries(text)) {
    const std::string_view token = text.substr(start, end - start);
    result.tokens.push_back(token);
    result.ids.push_back(
        token_ids.try_emplace(token, static_cast<int>(token_ids.size())).first->second);
    start = end;
  }
  return result;
}

UChar32 FirstCodePoint(std::string_view token) {
  UChar32 code_point;
  U8_GET(reinterpret_cast<const uint8_t*>(token.data()), 0, 0, static_cast<int>(token.size()),
         code_point);
  return code_point;
}

UChar32 LastCodePoint(std::string_view token) {
  const int size = static_cast<int>(token.size());
  UChar32 code_point;
  U8_GET(reinterpret_cast<const uint8_t*>(token.data()), 0, size - 1, size, code_point);
  return code_point;
}

// Letters, digits and symbols (emoji too), in contrast to spaces, punctuation and marks.
bool BeginsWord(std::string_view token) {
  constexpr uint32_t kMask = U_GC_L_MASK | U_GC_N_MASK | U_GC_S_MASK;
  return (U_GET_GC_MASK(FirstCodePoint(token)) & kMask) != 0;
}

// --- Differences ---------------------------------------------------------------------------------

// Finds a shortest edit script between two sequences in O(ND) time and linear space: from both ends
// at once, until the two searches meet in the middle of a shortest path; then each half by itself.
// Names (x, y, diagonal k = x - y, d edits) are those of the paper.
class Differ {
 public:
  Differ(const std::vector<int>& a, const std::vector<int>& b)
      : a_(a),
        b_(b),
        deleted_(a.size()),
        inserted_(b.size()),
        origin_(static_cast<int>(std::min(a.size() + b.size(), kTextMergeEditsMax)) / 2 + 2),
        forward_(static_cast<size_t>(2 * origin_ + 1)),
        backward_(static_cast<size_t>(2 * origin_ + 1)) {}

  // False when it would take more than kTextMergeEditsMax insertions and deletions.
  bool Run() { return Compare(0, static_cast<int>(a_.size()), 0, static_cast<int>(b_.size())); }

  // Which tokens of a are gone, and which of b are new.
  const std::vector<bool>& deleted() const { return deleted_; }
  const std::vector<bool>& inserted() const { return inserted_; }

 private:
  static constexpr int kEditsMax = static_cast<int>(kTextMergeEditsMax);
  // The furthest x of a diagonal that no path of this length reaches.
  static constexpr int kUnreached = -(1 << 30);

  int A(int x) const { return a_[static_cast<size_t>(x)]; }
  int B(int y) const { return b_[static_cast<size_t>(y)]; }
  int& Forward(int k) { return forward_[static_cast<size_t>(origin_ + k)]; }
  int& Backward(int k) { return backward_[static_cast<size_t>(origin_ + k)]; }

  bool Compare(int a_begin, int a_end, int b_begin, int b_end) {
    while (a_begin < a_end && b_begin < b_end && A(a_begin) == B(b_begin)) ++a_begin, ++b_begin;
    while (a_begin < a_end && b_begin < b_end && A(a_end - 1) == B(b_end - 1)) --a_end, --b_end;
    if (a_begin == a_end || b_begin == b_end) {
      if (a_end - a_begin > kEditsMax || b_end - b_begin > kEditsMax) return false;
      std::fill(deleted_.begin() + a_begin, deleted_.begin() + a_end, true);
      std::fill(inserted_.begin() + b_begin, inserted_.begin() + b_end, true);
      return true;
    }
    const std::optional<std::pair<int, int>> middle = Middle(a_begin, a_end, b_begin, b_end);
    if (!middle) return false;
    // The edits are halved each time, so the recursion is as deep as their logarithm.
    return Compare(a_begin, middle->first, b_begin, middle->second) &&
           Compare(middle->first, a_end, middle->second, b_end);
  }

  // Where a path of one edit more comes to on diagonal k, before following equal tokens: one to the
  // right from diagonal k - 1, or one down from k + 1, whichever is further and within the grid.
  static int Step(int x_below, int x_above, int k, int n, int m) {
    int right = x_below + 1;
    if (right > n) right = kUnreached;
    int down = x_above;
    if (down - k > m) down = kUnreached;
    return std::max(right, down);
  }

  // A point on a shortest path, with half of its edits on each side.
  std::optional<std::pair<int, int>> Middle(int a_begin, int a_end, int b_begin, int b_end) {
    const int n = a_end - a_begin;
    const int m = b_end - b_begin;
    const int delta = n - m;
    const bool odd = delta % 2 != 0;
    static_assert(kEditsMax % 2 == 0, "d edits from each end reach the limit exactly");
    for (int d = 0; d <= kEditsMax / 2; ++d) {
      Forward(-d - 1) = Forward(d + 1) = kUnreached;
      Backward(-d - 1) = Backward(d + 1) = kUnreached;
      for (int k = -d; k <= d; k += 2) {
        int x = d == 0 ? 0 : Step(Forward(k - 1), Forward(k + 1), k, n, m);
        if (x >= 0) {
          while (x < n && x - k < m && A(a_begin + x) == B(b_begin + x - k)) ++x;
        }
        Forward(k) = x;
        // The backward paths of d - 1 edits run on diagonals delta - (d - 1) to delta + (d - 1).
        if (odd && x >= 0 && delta - k >= -(d - 1) && delta - k <= d - 1 &&
            x + Backward(delta - k) >= n) {
          return std::pair(a_begin + x, b_begin + x - k);
        }
      }
      for (int k = -d; k <= d; k += 2) {
        int x = d == 0 ? 0 : Step(Backward(k - 1), Backward(k + 1), k, n, m);
        if (x >= 0) {
          while (x < n && x - k < m && A(a_end - 1 - x) == B(b_end - 1 - x + k)) ++x;
        }
        Backward(k) = x;
        if (!odd && x >= 0 && delta - k >= -d && delta - k <= d && x + Forward(delta - k) >= n) {
          return std::pair(a_end - x, b_end - x + k);
        }
      }
    }
    return std::nullopt;
  }

  const std::vector<int>& a_;
  const std::vector<int>& b_;
  std::vector<bool> deleted_;
  std::vector<bool> inserted_;
  // Furthest x of each diagonal k, at index origin_ + k. Backward counts from the ends.
  const int origin_;
  std::vector<int> forward_;
  std::vector<int> backward_;
};

// A side as an edit of the base.
struct Edit {
  struct Range {
    int begin = 0;
    int end = 0;
  };
  // For each token of the base its index in the side, or kAbsent where the side deleted it.
  std::vector<int> kept;
  // For each token of the base, and for its end, what the side inserted before it. An insertion
  // that goes with a deletion is before the first deleted token.
  std::vector<Range> inserted;
};

constexpr int kAbsent = -1;

std::optional<Edit> EditFrom(const std::vector<int>& base, const std::vector<int>& side) {
  Differ differ(base, side);
  if (!differ.Run()) return std::nullopt;
  Edit edit{.kept = std::vector<int>(base.size(), kAbsent),
            .inserted = std::vector<Edit::Range>(base.size() + 1)};
  for (size_t i = 0, j = 0; i < base.size() || j < side.size(); ++i, ++j) {
    const size_t change_start = i, inserted_start = j;
    // Deletions and insertions may alternate.
    for (;;) {
      if (i < base.size() && differ.deleted()[i]) {
        ++i;
      } else if (j < side.size() && differ.inserted()[j]) {
        ++j;
      } else {
        break;
      }
    }
    edit.inserted[change_start] = {static_cast<int>(inserted_start), static_cast<int>(j)};
    if (i == base.size()) break;
    edit.kept[i] = static_cast<int>(j);
  }
  return edit;
}

// --- Joining -------------------------------------------------------------------------------------

// A token of the result, and where each side has it; kAbsent where it does not.
struct MergedToken {
  std::string_view text;
  int ours;
  int theirs;
};

class Joiner {
 public:
  Joiner(const TokenizedText& base, const TokenizedText& ours, const TokenizedText& theirs)
      : base_(base), ours_(ours), theirs_(theirs) {}

  std::vector<MergedToken> Join(const Edit& our_edit, const Edit& their_edit) {
    for (size_t i = 0; i <= base_.ids.size(); ++i) {
      JoinInsertions(our_edit.inserted[i], their_edit.inserted[i]);
      if (i == base_.ids.size()) break;
      const int ours = our_edit.kept[i], theirs = their_edit.kept[i];
      if (ours != kAbsent && theirs != kAbsent) {
        merged_.push_back({base_.tokens[i], ours, theirs});
      }
    }
    return std::move(merged_);
  }

 private:
  std::string_view OurToken(int i) const { return ours_.tokens[static_cast<size_t>(i)]; }
  bool SameToken(int ours, int theirs) const {
    return ours_.ids[static_cast<size_t>(ours)] == theirs_.ids[static_cast<size_t>(theirs)];
  }

  void JoinInsertions(Edit::Range ours, Edit::Range theirs) {
    const int alike_at_start = AlikeAtStart(ours, theirs);
    for (int i = 0; i < alike_at_start; ++i) {
      merged_.push_back({OurToken(ours.begin + i), ours.begin + i, theirs.begin + i});
    }
    ours.begin += alike_at_start;
    theirs.begin += alike_at_start;
    const int alike_at_end = AlikeAtEnd(ours, theirs);
    ours.end -= alike_at_end;
    theirs.end -= alike_at_end;
    for (int i = ours.begin; i < ours.end; ++i) merged_.push_back({OurToken(i), i, kAbsent});
    for (int i = theirs.begin; i < theirs.end; ++i) {
      merged_.push_back({theirs_.tokens[static_cast<size_t>(i)], kAbsent, i});
    }
    for (int i = 0; i < alike_at_end; ++i) {
      merged_.push_back({OurToken(ours.end + i), ours.end + i, theirs.end + i});
    }
  }

  // How many tokens two insertions begin with alike, and are worth writing once: not the full stop
  // of two sentences, unless it is all that one side inserted.
  int AlikeAtStart(Edit::Range ours, Edit::Range theirs) const {
    const int shorter = std::min(ours.end - ours.begin, theirs.end - theirs.begin);
    int alike = 0;
    bool has_word = false;
    while (alike < shorter && SameToken(ours.begin + alike, theirs.begin + alike)) {
      has_word |= BeginsWord(OurToken(ours.begin + alike));
      ++alike;
    }
    return has_word || alike == shorter ? alike : 0;
  }

  // The same for their ends.
  int AlikeAtEnd(Edit::Range ours, Edit::Range theirs) const {
    const int shorter = std::min(ours.end - ours.begin, theirs.end - theirs.begin);
    int alike = 0;
    bool has_word = false;
    while (alike < shorter && SameToken(ours.end - 1 - alike, theirs.end - 1 - alike)) {
      has_word |= BeginsWord(OurToken(ours.end - 1 - alike));
      ++alike;
    }
    return has_word || alike == shorter ? alike : 0;
  }

  const TokenizedText& base_;
  const TokenizedText& ours_;
  const TokenizedText& theirs_;
  std::vector<MergedToken> merged_;
};

// Whether a side already has the two as neighbours, in this order.
bool AreNeighbours(const MergedToken& left, const MergedToken& right) {
  return (left.ours != kAbsent && right.ours == left.ours + 1) ||
         (left.theirs != kAbsent && right.theirs == left.theirs + 1);
}

bool IsSpaceBetween(std::string_view left, std::string_view right) {
  return u_isUWhiteSpace(LastCodePoint(left)) || u_isUWhiteSpace(FirstCodePoint(right));
}

// A word after a word or after a full stop wants a space, a word after "(" does not.
bool WantsSpaceBetween(std::string_view left, std::string_view right) {
  if (IsSpaceBetween(left, right) || !BeginsWord(right)) return false;
  const int8_t left_type = u_charType(LastCodePoint(left));
  return left_type != U_START_PUNCTUATION && left_type != U_INITIAL_PUNCTUATION;
}

// Writes the tokens out, with spaces where new neighbours want one.
std::string Write(const std::vector<MergedToken>& merged) {
  std::string text;
  // Where new neighbours meet without a space.
  std::vector<size_t> seams;
  for (size_t i = 0; i < merged.size(); ++i) {
    if (i > 0 && !AreNeighbours(merged[i - 1], merged[i])) {
      if (WantsSpaceBetween(merged[i - 1].text, merged[i].text)) {
        text += ' ';
      } else if (!IsSpaceBetween(merged[i - 1].text, merged[i].text)) {
        seams.push_back(text.size());
      }
    }
    text += merged[i].text;
  }
  if (seams.empty()) return text;

  // Two tokens alone do not tell whether they grow together: "3" "," "5" is one number, and emoji
  // are joined by what follows. So the whole text is asked.
  const std::vector<size_t> boundaries = WordBoundaries(text);
  std::string spaced;
  size_t written = 0;
  for (const size_t seam : seams) {
    if (std::binary_search(boundaries.begin(), boundaries.end(), seam)) continue;
    spaced.append(text, written, seam - written);
    spaced += ' ';
    written = seam;
  }
  spaced.append(text, written);
  return spaced;
}

}  // namespace

std::optional<std::string> MergeText(std::string_view base, std::string_view ours,
                                     std::string_view theirs) {
  if (std::max({base.size(), ours.size(), theirs.size()}) > kTextMergeBytesMax) {
    return std::nullopt;
  }
  TokenIds token_ids;
  const TokenizedText base_text = Tokenize(base, token_ids);
  const TokenizedText our_text = Tokenize(ours, token_ids);
  const TokenizedText their_text = Tokenize(theirs, token_ids);
  const std::optional<Edit> our_edit = EditFrom(base_text.ids, our_text.ids);
  if (!our_edit) return std::nullopt;
  const std::optional<Edit> their_edit = EditFrom(base_text.ids, their_text.ids);
  if (!their_edit) return std::nullopt;

  // Marks are in the token of their letter, and a lone mark gets a space before it, so this should
  // find nothing to do; but the form of stored texts must not hang on how ICU draws boundaries.
  std::string merged =
      ToNfc(Write(Joiner(base_text, our_text, their_text).Join(*our_edit, *their_edit)));
  if (merged.size() > kTextMergeBytesMax) return std::nullopt;
  return merged;
}

}  // namespace tikar::sync
