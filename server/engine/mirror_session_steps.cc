// MirrorSession: what was received, on its way to this node's disk.
#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "server/engine/engine.h"
#include "server/engine/failure.h"
#include "server/engine/limits.h"
#include "server/engine/log.h"
#include "server/engine/mirror_session.h"

namespace tikar::server {

absl::Status MirrorSession::OnBatch(v1::MirrorBatch batch) {
  std::shared_ptr<MirrorLink> link;
  {
    Lock lock(mutex_);
    link = link_;
    if (link == nullptr) return MirrorMistake("no hello first");
    if (batch.number() != batches_got_ + 1)
      return MirrorMistake("a batch's number is not the next");
    if (batches_got_ - batches_stored_ >= kMirrorBatchesInFlightMax) {
      return MirrorMistake("it sends more batches than it has credit for");
    }
  }
  std::vector<std::shared_ptr<Step>> steps;
  const auto add = [&](auto what) {
    steps.push_back(std::make_shared<Step>(Step{batch.number(), std::move(what)}));
  };
  std::vector<sync::DefinitionHash> definitions;
  for (v1::DefinitionBytes& definition : *batch.mutable_definitions()) {
    definitions.push_back(sync::Sha256(definition.body()));
    add(std::move(*definition.mutable_body()));
  }
  std::vector<sync::OfferRecord> offers;
  for (const v1::MirroredOffer& offer : batch.offers()) {
    const auto hash = sync::DefinitionHash::FromBytes(offer.definition_hash());
    if (!hash.has_value()) return MirrorMistake("an offer's definition hash is not 32 bytes");
    if (!link->Covers(offer.region())) {
      return MirrorMistake(absl::StrCat("it sends an offer of region ", offer.region()));
    }
    offers.push_back({.region = offer.region(),
                      .service = offer.service(),
                      .definition = *hash,
                      .actor = offer.actor(),
                      .time_ms = offer.time_ms()});
  }
  if (!offers.empty()) add(offers);
  RegionVectors sent;
  uint64_t bytes = 0;
  for (const v1::Entry& entry : batch.entries()) {
    if (!link->Covers(entry.region())) {
      return MirrorMistake(absl::StrCat("it sends an entry of region ", entry.region()));
    }
    if (entry.origin() == 0) return MirrorMistake("an entry has no origin");
    sent[entry.region()].Advance(sync::Origin{entry.origin()}, entry.seq());
    bytes += entry.body().size() + entry.sealed_body().size();
  }
  if (!batch.entries().empty()) {
    add(std::vector<v1::Entry>(std::make_move_iterator(batch.mutable_entries()->begin()),
                               std::make_move_iterator(batch.mutable_entries()->end())));
  }
  // The peer sends only what is on its disk.
  for (const auto& [region, vector] : sent) link->Told(region, vector);
  link->Got(engine_.now_ms(), static_cast<uint64_t>(batch.entries_size()), bytes);
  if (!sent.empty()) engine_.mirrors().NoteChange();

  Lock lock(mutex_);
  for (const auto& [region, vector] : sent) peer_has_[region].Join(vector);
  definitions_got_.insert(definitions_got_.end(), definitions.begin(), definitions.end());
  offers_got_.insert(offers_got_.end(), std::make_move_iterator(offers.begin()),
                     std::make_move_iterator(offers.end()));
  ++batches_got_;
  steps_left_[batches_got_] = steps.size();
  steps_.insert(steps_.end(), steps.begin(), steps.end());
  if (steps.empty()) StepsDone(batches_got_);
  return absl::OkStatus();
}

// Of Pump, which goes on after it.
void MirrorSession::SubmitStep(std::shared_ptr<Step> step) {
  const auto done = [self = shared_from_this(), step](TaskResult result) {
    self->OnStepDone(step, result);
  };
  Sequencer& sequencer = engine_.sequencer();
  absl::Status taken = Overloaded("changes waiting to be stored", 0);
  if (sequencer.status().queue_bytes <= kMirrorQueueBytesMax) {
    if (const auto* definition = std::get_if<std::string>(&step->what)) {
      taken = sequencer.AddDefinition(*definition, done);
    } else if (const auto* offers = std::get_if<std::vector<sync::OfferRecord>>(&step->what)) {
      taken = sequencer.Run([offers = *offers](sync::Replica& replica,
                                               int64_t) { return replica.ReceiveOffers(offers); },
                            offers->size() * sizeof(sync::OfferRecord), done);
    } else {
      // The step keeps them, for the case that some are refused.
      taken = sequencer.Receive(std::get<std::vector<v1::Entry>>(step->what), done);
    }
  }
  Lock lock(mutex_);
  submitting_ = false;
  if (taken.ok()) return;
  --steps_queued_;
  if (absl::IsResourceExhausted(taken)) {
    steps_.push_front(std::move(step));
    steps_held_back_ = true;
  } else {
    EndWith(taken);
  }
}

void MirrorSession::OnStepDone(const std::shared_ptr<Step>& step, const TaskResult& result) {
  Lock lock(mutex_);
  --steps_queued_;
  const bool refused = absl::IsInvalidArgument(result.status);
  if (!result.status.ok() && !refused) {
    EndWith(result.status);
  } else if (refused && SplitRefused(step)) {
    // The logs of it come again, each alone.
  } else {
    if (refused) {
      const auto* entries = std::get_if<std::vector<v1::Entry>>(&step->what);
      const std::string why(result.status.message());
      link_->Refused(entries == nullptr ? 0 : entries->size(), why, engine_.now_ms());
      Log(Level::kError, "refused what a mirror sent, all else goes on",
          {{"peer", link_->ends().peer},
           {"reason", why},
           {"entries", absl::StrCat(entries == nullptr ? 0 : entries->size())}});
    }
    StepsDone(step->batch_number);
  }
  if (const auto* entries = std::get_if<std::vector<v1::Entry>>(&step->what)) {
    // Their vectors are to be told, whether a feed grew or not.
    for (const v1::Entry& entry : *entries) dirty_.insert(entry.region());
  }
  Pump(lock);
}

bool MirrorSession::SplitRefused(const std::shared_ptr<Step>& step) {
  auto* entries = std::get_if<std::vector<v1::Entry>>(&step->what);
  if (entries == nullptr) return false;
  std::map<std::pair<std::string, uint64_t>, std::vector<v1::Entry>> logs;
  for (const v1::Entry& entry : *entries) {
    logs[{entry.region(), entry.origin()}].push_back(entry);
  }
  if (logs.size() < 2) return false;
  steps_left_[step->batch_number] += logs.size() - 1;
  for (auto& [log, its_entries] : logs) {
    steps_.push_front(std::make_shared<Step>(Step{step->batch_number, std::move(its_entries)}));
  }
  return true;
}

void MirrorSession::StepsDone(uint64_t batch_number) {
  const auto left = steps_left_.find(batch_number);
  if (left != steps_left_.end() && left->second > 0) --left->second;
  while (!steps_left_.empty() && steps_left_.begin()->second == 0) {
    batches_stored_ = steps_left_.begin()->first;
    steps_left_.erase(steps_left_.begin());
  }
}

}  // namespace tikar::server
