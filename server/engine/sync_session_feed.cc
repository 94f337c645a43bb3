// SyncSession: reading the feed, and what is sent of it.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/engine/engine.h"
#include "server/engine/failure.h"
#include "server/engine/log.h"
#include "server/engine/offers.h"
#include "server/engine/sync_session.h"
#include "server/engine/unreadable_log.h"
#include "sync/status_macros.h"

namespace tikar::server {

void SyncSession::ReadNow() {
  size_t bytes = query_.bytes_max;
  {
    Lock lock(mutex_);
    const bool over = finished_ || broken_ || end_.has_value();
    // Perhaps a push came while this stood in line.
    if (over || PushesFirst()) {
      feed_ = Feed::kIdle;
      read_wanted_ = true;
      lock.unlock();
      ReleaseBytes(bytes);
      lock.lock();
      Pump(lock);
      return;
    }
    pushes_since_feed_ = 0;
  }
  const std::shared_ptr<const Published> published = engine_.sequencer().Current();
  if (published == nullptr) {
    return EndRead(bytes, StoreOpening(engine_.jitter_ms(kRetryOverloadedMs)));
  }
  absl::StatusOr<sync::FeedPage> page = sync::ReadFeed(*published->reader, query_);
  // Requests first: forms are for what the officer does next.
  absl::StatusOr<std::vector<v1::Offer>> offers = std::vector<v1::Offer>();
  if (page.ok() && page->caught_up) offers = NewOffers(*published);
  if (!page.ok() || !offers.ok()) {
    const absl::Status failed = page.ok() ? offers.status() : page.status();
    if (failed.code() != absl::StatusCode::kInvalidArgument) {
      Log(Level::kError, "feed could not be read", {{"reason", failed.ToString()}});
    }
    return EndRead(bytes, failed);
  }
  for (const sync::UnreadableRequest& one : page->unreadable) LogUnreadable(one);
  const bool caught_up = page->caught_up;
  const bool empty = page->requests.empty() && page->removals.empty() && offers->empty();
  std::deque<v1::SyncResponse> batches =
      MakeBatches(*std::move(page), *published, *std::move(offers));
  // Hardly a page is as large as it might have been: what it does not need is for those in line.
  size_t bytes_needed = 0;
  for (const v1::SyncResponse& batch : batches) bytes_needed += batch.ByteSizeLong();
  if (bytes_needed < bytes) ReleaseBytes(bytes - bytes_needed);
  bytes = std::min(bytes, bytes_needed);

  Lock lock(mutex_);
  number_seen_ = std::max(number_seen_, published->number);
  read_wanted_ = read_wanted_ || !caught_up;
  arm_wanted_ = caught_up;
  // Nothing new, and the phone knows that it has everything.
  if ((empty && caught_up && caught_up_told_) || end_.has_value() || broken_) {
    feed_ = Feed::kIdle;
    lock.unlock();
    ReleaseBytes(bytes);
    lock.lock();
  } else {
    feed_ = Feed::kReady;
    batches_ = std::move(batches);
    bytes_held_ = bytes;
  }
  Pump(lock);
}

void SyncSession::EndRead(size_t bytes, absl::Status status) {
  ReleaseBytes(bytes);
  Lock lock(mutex_);
  feed_ = Feed::kIdle;
  End(std::move(status));
  Pump(lock);
}

absl::StatusOr<std::vector<v1::Offer>> SyncSession::NewOffers(const Published& published) {
  ASSIGN_OR_RETURN(std::vector<v1::Offer> offers,
                   OffersWithin(published, engine_.catalogue_offers(), query_.scope));
  std::string told;
  for (const v1::Offer& offer : offers) absl::StrAppend(&told, offer.SerializeAsString());
  if (told == offers_told_) return std::vector<v1::Offer>();
  offers_told_ = std::move(told);
  return offers;
}

std::deque<v1::SyncResponse> SyncSession::MakeBatches(sync::FeedPage page,
                                                      const Published& published,
                                                      std::vector<v1::Offer> offers) {
  const std::string cursor_before = std::exchange(query_.cursor, page.cursor);
  v1::SyncResponse last;
  v1::Batch& batch = *last.mutable_batch();
  for (v1::Request& request : page.requests) *batch.add_requests() = std::move(request);
  for (v1::Removal& removal : page.removals) *batch.add_removals() = std::move(removal);
  for (v1::FeedIdentity& feed : page.feeds) *batch.add_feeds() = std::move(feed);
  batch.set_cursor(page.cursor);
  batch.set_caught_up(page.caught_up);
  batch.set_remaining(page.remaining);
  std::vector<sync::DefinitionHash> wanted = std::move(page.definitions);
  for (v1::Offer& offer : offers) {
    wanted.push_back(*sync::DefinitionHash::FromBytes(offer.definition_hash()));
    *batch.add_offers() = std::move(offer);
  }

  // Definitions go with the batch where they fit, else before it in batches that move no cursor.
  std::deque<v1::SyncResponse> batches;
  v1::SyncResponse before;
  size_t before_bytes = 0, batch_bytes = batch.ByteSizeLong();
  for (const sync::DefinitionHash& hash : wanted) {
    if (known_.contains(hash)) continue;
    const std::shared_ptr<const sync::Definition> definition = published.definitions->Find(hash);
    if (definition == nullptr) continue;  // Not here either; the request says so.
    known_.insert(hash);
    const size_t bytes = definition->bytes().size();
    if (batch_bytes + bytes <= kBatchBytesMax) {
      batch_bytes += bytes;
      batch.add_definitions()->set_body(definition->bytes());
      continue;
    }
    if (before_bytes > 0 && before_bytes + bytes > kBatchBytesMax) {
      batches.push_back(std::move(before));
      before.Clear();
      before_bytes = 0;
    }
    before_bytes += bytes;
    before.mutable_batch()->add_definitions()->set_body(definition->bytes());
    before.mutable_batch()->set_cursor(cursor_before);
  }
  if (before_bytes > 0) batches.push_back(std::move(before));
  batches.push_back(std::move(last));
  return batches;
}

}  // namespace tikar::server
