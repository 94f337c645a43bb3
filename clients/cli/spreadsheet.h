// Cells of CSV files that people open in a spreadsheet: plain numbers and dates, and no text that
// it would run as a formula.
//
// Pure functions.
#ifndef TIKAR_CLIENTS_CLI_SPREADSHEET_H_
#define TIKAR_CLIENTS_CLI_SPREADSHEET_H_

#include <string>

#include "tikar/v1/value.pb.h"

namespace tikar::cli {

// `text`, with "'" before it where a spreadsheet would take it for a formula (= + - @, tab, CR).
std::string SpreadsheetText(std::string text);

// "" for no value. Decimals digit by digit, flags as true and false, dates and times as in JSON,
// choices with commas between them, a place as an object.
std::string SpreadsheetCell(const v1::Value* value);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_SPREADSHEET_H_
