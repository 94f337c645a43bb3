#include <algorithm>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "seeds.h"
#include "sync/status_macros.h"
#include "world.h"

namespace tikar::fuzz {

namespace {

const char* const kServices[] = {"ekonomi-rakyat", "erk",    "gampil",  "hayu",        "pengaduan",
                                 "promosi",        "pusyar", "rencana", "sabilulungan"};

}  // namespace

void MakeDefinitionSeeds(Seeds* seeds) {
  for (const char* const service : kServices) {
    seeds->Add("definitions", absl::StrCat("good_", service),
               seeds->Service(service).SerializeAsString());
  }
  seeds->Add("definitions", "good_form", Form()->bytes());
  seeds->Add("definitions", "good_text",
             absl::StrCat("t", seeds->Source("catalog/services/erk.textproto")));
  v1::Definition broken = FormProto();
  broken.mutable_workflow()->mutable_edges(0)->set_to("tidak-ada");
  broken.mutable_fields(0)->clear_label();
  broken.mutable_fields(14)->set_pattern("[A-Z");
  seeds->Add("definitions", "many_problems", broken.SerializeAsString());
  broken = FormProto();
  broken.set_merge_version(9);
  seeds->Add("definitions", "newer_rules", broken.SerializeAsString());

  v1::Definition ours = FormProto(), theirs = NextForm()->proto();
  ours.mutable_title()->set_id("Izin usaha mikro");
  ours.mutable_fields()->DeleteSubrange(6, 2);
  ours.mutable_workflow()->mutable_edges(0)->add_roles("tamu");
  theirs.mutable_title()->set_id("Izin usaha kecil");
  theirs.mutable_fields(2)->set_maximum(500);
  theirs.mutable_fields()->SwapElements(0, 3);
  v1::Field& added = *theirs.add_fields();
  added = theirs.fields(1);
  added.set_key("catatan");
  const std::vector<Frame> three = {{0, FormProto().SerializeAsString()},
                                    {0, ours.SerializeAsString()},
                                    {0, theirs.SerializeAsString()}};
  seeds->Add("definition_merge", "good_fork", WriteFrames(three));
  std::vector<Frame> chosen = three;
  chosen.push_back({1, "title/id"});
  chosen.push_back({2, "fields"});
  chosen.push_back({1, "fields/@order"});
  chosen.push_back({1, "tidak/ada"});
  seeds->Add("definition_merge", "good_choices", WriteFrames(chosen));
  const v1::Definition real = seeds->Service("promosi");
  v1::Definition edited = real;
  edited.mutable_workflow()->mutable_states()->RemoveLast();
  edited.mutable_roles(0)->set_creates(!edited.roles(0).creates());
  seeds->Add("definition_merge", "good_real",
             Framed(0, {real.SerializeAsString(), edited.SerializeAsString(),
                        seeds->Service("erk").SerializeAsString()}));
}

}  // namespace tikar::fuzz
