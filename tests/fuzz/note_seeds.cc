#include <string>

#include "absl/strings/str_cat.h"
#include "seeds.h"
#include "sync/checkpoint.h"
#include "sync/ed25519.h"
#include "sync/merkle_log.h"
#include "sync/receipt.h"
#include "sync/status_macros.h"
#include "tikar/v1/log_service.pb.h"
#include "world.h"

namespace tikar::fuzz {
namespace {

enum Tag : uint8_t { kNote = 0, kKey = 1, kReceipt = 2 };

}  // namespace

void MakeNoteSeeds(Seeds* seeds) {
  const sync::SigningKey key = *sync::SigningKey::FromSeed(std::string(32, 'k'));
  const sync::SigningKey witness = *sync::SigningKey::FromSeed(std::string(32, 'h'));
  const auto heads = sync::LoadLogHeads(Library().reader(), "");
  CHECK(heads.ok() && !heads->empty());
  std::vector<std::string> notes;
  for (const sync::LogHead& head : *heads) {
    sync::SignedNote note = sync::SignCheckpoint(
        {.log = sync::LogLine(head.region, head.origin), .size = head.size, .root = head.root},
        key);
    sync::CosignNote(sync::NodeKeyName("hub"), witness, kNowMs / 1000, &note);
    notes.push_back(sync::FormatSignedNote(note));
  }
  seeds->Add("notes", "good_checkpoints", Framed(kNote, notes));
  // C2SP tlog-checkpoint and signed-note.
  seeds->Add(
      "notes", "good_elsewhere",
      Framed(kNote, {"example.com/behind-the-sofa\n"
                     "20852163\n"
                     "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
                     "\n"
                     "\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/"
                     "5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"}));
  seeds->Add(
      "notes", "good_keys",
      Framed(kKey, {sync::FormatNamedKey({sync::NodeKeyName("kerinci"), key.public_key()}),
                    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"}));
  for (const bool with_bodies : {false, true}) {
    const auto page =
        sync::MakeReceipt(Library().reader(), KeyOf(Records()[0]), {.with_bodies = with_bodies},
                          [&](const sync::Checkpoint& checkpoint) -> absl::StatusOr<std::string> {
                            return sync::FormatSignedNote(sync::SignCheckpoint(checkpoint, key));
                          });
    CHECK(page.ok() && page->next_token.empty());
    seeds->Add("notes", absl::StrCat("good_receipt", with_bodies ? "_with_bodies" : ""),
               Framed(kReceipt, {page->receipt.SerializeAsString()}));
  }
}

}  // namespace tikar::fuzz
