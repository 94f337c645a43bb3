#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "clients/cpp/database.h"

namespace tikar::client {
namespace {

namespace fs = std::filesystem;

constexpr char kMake[] = "CREATE TABLE notes (text BLOB NOT NULL) STRICT;";

int64_t Notes(Database& database) {
  const auto count = database.ReadNumber("SELECT count(*) FROM notes");
  EXPECT_TRUE(count.ok()) << count.status();
  return count.ok() ? count->value_or(-1) : -1;
}

class DatabaseTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "tikar-database-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
    // What is not where it was told to be would be found here.
    before_ = fs::current_path();
    fs::current_path(directory_);
  }
  void TearDown() override {
    fs::current_path(before_);
    fs::remove_all(directory_);
  }
  fs::path directory_, before_;
};

TEST_F(DatabaseTest, InMemoryIsEachOpenersOwnAndLeavesNothing) {
  for (int round = 0; round < 2; ++round) {
    auto first = Database::Open(Database::kInMemory);
    auto second = Database::Open(Database::kInMemory);
    ASSERT_TRUE(first.ok()) << first.status();
    ASSERT_TRUE(second.ok()) << second.status() << ": nobody holds it against others";
    for (Database* database : {first->get(), second->get()}) {
      ASSERT_TRUE(database->Execute(kMake).ok()) << "nothing is there before";
    }
    ASSERT_TRUE((*first)->Run("INSERT INTO notes VALUES (?)", std::string_view("Bawa tali")).ok());
    EXPECT_EQ(Notes(**first), 1);
    EXPECT_EQ(Notes(**second), 0);
  }
  EXPECT_TRUE(fs::is_empty(directory_));
}

TEST_F(DatabaseTest, AFileIsItsOwnersAloneAndOutlivesTheObject) {
  const std::string path = directory_ / "tikar.sqlite";
  {
    auto database = Database::Open(path);
    ASSERT_TRUE(database.ok()) << database.status();
    ASSERT_TRUE((*database)->Execute(kMake).ok());
    ASSERT_TRUE(
        (*database)->Run("INSERT INTO notes VALUES (?)", std::string_view("Bawa tali")).ok());
    EXPECT_EQ(Database::Open(path).status().code(), absl::StatusCode::kUnavailable)
        << "another one holds it";
  }
  struct stat found;
  ASSERT_EQ(stat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
  auto database = Database::Open(path);
  ASSERT_TRUE(database.ok()) << database.status();
  EXPECT_EQ(Notes(**database), 1);
}

}  // namespace
}  // namespace tikar::client
