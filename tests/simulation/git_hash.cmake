# Writes OUTPUT, a header with the hash of what is checked out at SOURCE, when that has changed.
execute_process(COMMAND git -C ${SOURCE} describe --always --dirty --abbrev=12 --exclude=*
  OUTPUT_VARIABLE hash ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
if(NOT hash)
  set(hash unknown)
endif()
set(text "// The commit that this program was built from.\ninline constexpr char kGitHash[] = \"${hash}\";\n")
set(before "")
if(EXISTS ${OUTPUT})
  file(READ ${OUTPUT} before)
endif()
if(NOT text STREQUAL before)
  file(WRITE ${OUTPUT} "${text}")
endif()
