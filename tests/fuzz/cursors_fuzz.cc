// Cursors as phones hand them back: whatever one says, a pass ends, and once it has ended nothing
// more comes.
//
// The first byte chooses: bit 0 a cursor as it stands, without the check at its end made right;
// bits 1 to 3 the scope; bit 4 small pages.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "sync/feed.h"
#include "sync/feed_cursor.h"
#include "target.h"
#include "world.h"

namespace tikar::fuzz {
namespace {

// More than all that is in the library, sent anew a few times.
constexpr int kPagesMax = 400;
constexpr size_t kCheckBytes = 8;

const std::vector<std::vector<std::string>>& Scopes() {
  static const auto* const scopes = new std::vector<std::vector<std::string>>{
      {"15.01"}, {"15.01.06"},          {"15.01.07"}, {"15.01.06.2010", "15.01.07"},
      {"15"},    {"15.01", "12.04.01"}, {"32.73"},    {"12", "15", "32"}};
  return *scopes;
}

}  // namespace

FUZZ_TARGET(cursors, "cursors: decode, resume the feed") {
  if (bytes.empty()) return false;
  const uint8_t knobs = static_cast<uint8_t>(bytes[0]);
  std::string cursor(bytes.substr(1));
  if ((knobs & 1) == 0 && !cursor.empty()) {
    cursor += sync::Sha256(cursor).view().substr(0, kCheckBytes);
  }
  const absl::StatusOr<std::vector<sync::RegionCursor>> decoded = sync::DecodeCursor(cursor);
  if (decoded.ok()) {
    const std::string encoded = sync::EncodeCursor(*decoded);
    const absl::StatusOr<std::vector<sync::RegionCursor>> again = sync::DecodeCursor(encoded);
    PROMISE(again.ok(), "a cursor that was understood can be written down again");
    PROMISE(sync::EncodeCursor(*again) == encoded, "and says the same then");
  }

  sync::FeedQuery query;
  query.scope = Scopes()[knobs >> 1 & 7];
  query.actor = "hp-budi";
  query.cursor = cursor;
  query.requests_max = (knobs & 16) != 0 ? 1 : 100;
  bool caught_up = false;
  for (int page = 0; page < kPagesMax; ++page) {
    const absl::StatusOr<sync::FeedPage> read = sync::ReadFeed(Library().reader(), query);
    if (!read.ok()) {
      PROMISE(page == 0 && !decoded.ok() && absl::IsInvalidArgument(read.status()),
              absl::StrCat("a cursor that is one never fails: ", read.status().ToString()));
      return false;
    }
    PROMISE(page > 0 || decoded.ok(), "a cursor that is none is refused");
    PROMISE(sync::DecodeCursor(read->cursor).ok(), "a page's cursor is one");
    PROMISE(std::is_sorted(read->definitions.begin(), read->definitions.end()),
            "definitions are sorted");
    if (caught_up) {
      PROMISE(read->caught_up && read->requests.empty() && read->removals.empty(),
              "a phone that has everything gets nothing more");
      return decoded.ok();
    }
    caught_up = read->caught_up;
    query.cursor = read->cursor;
  }
  PROMISE(false, "a pass ends");
}

}  // namespace tikar::fuzz
