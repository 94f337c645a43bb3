// What a run of the simulator is told on its command line.
#ifndef TIKAR_CLIENTS_FIELDSIM_SETTINGS_H_
#define TIKAR_CLIENTS_FIELDSIM_SETTINGS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace tikar::fieldsim {

// How many changes a phone makes between two exchanges with the server.
enum class Offline {
  // One: there is always a signal.
  kNone,
  // 1 to 10, differently each time.
  kMixed,
  // All: the phone comes back after days.
  kDays,
};

enum class Storage {
  // Full up to kFullDevicesMax devices, light above.
  kAutomatic,
  // SQLite files; the app is closed between two exchanges, as a phone's is.
  kFull,
  // SQLite in memory, forms shared between all phones' catalogues.
  kLight,
};
inline constexpr uint32_t kFullDevicesMax = 500;

// Areas of a run; more would be a list nobody meant to type.
inline constexpr uint32_t kAreasMax = 64;

struct Settings {
  // "host:port".
  std::string server = "127.0.0.1:50151";
  uint32_t devices = 50;
  // Made by each device.
  uint32_t changes = 20;
  // Share of a device's changes that edit requests which other devices edit too, 0 to 1.
  double shared = 0.2;
  Offline offline = Offline::kMixed;
  // Kerinci, Nias, Kota Bandung.
  std::vector<std::string> areas = {"15.01", "12.04", "32.73"};
  std::vector<std::string> services = {"pengaduan"};
  uint64_t seed = 1;
  // Part of the devices' names, so that a second run is another fleet. Empty: from the clock.
  std::string run;
  Storage storage = Storage::kAutomatic;
  // Devices that are awake at a time.
  uint32_t workers = 16;
  // Share of devices whose clock is off by 10 minutes to 400 days.
  double wrong_clocks = 0.05;
  // How long one exchange may take with all its new attempts.
  uint32_t patience_seconds = 300;
  bool json = false;
  bool quiet = false;
  bool color = true;

  bool light() const {
    return storage == Storage::kLight ||
           (storage == Storage::kAutomatic && devices > kFullDevicesMax);
  }
};

}  // namespace tikar::fieldsim

#endif  // TIKAR_CLIENTS_FIELDSIM_SETTINGS_H_
