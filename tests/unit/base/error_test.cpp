#include "base/error.h"

#include <gtest/gtest.h>

namespace inpaint {
namespace {

TEST(ErrorTest, ADiskIsFullWhenItsRoomOrTheUsersShareOfItIsUsedUp) {
  EXPECT_TRUE(is_disk_full(ENOSPC));
  EXPECT_TRUE(is_disk_full(EDQUOT));
  EXPECT_FALSE(is_disk_full(EIO));
  EXPECT_FALSE(is_disk_full(0));
}

}  // namespace
}  // namespace inpaint
