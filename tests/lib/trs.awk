# The results of one test run by automake: kinds from its .trs file, words from its .log file (awk is given both).
# A TAP test has in its log a line "KIND: FILE NUMBER - TEST # SKIP reason" for each result; another test has one
# result and, if it is a skip, the reason as its last line of output.

FILENAME ~ /\.trs$/ {
	if (/^:test-result: /)
		kinds[++results] = $2
	next
}

index($0, kinds[named + 1] ": " file) == 1 && named < results {
	named++
	$0 = substr($0, length(kinds[named] ": " file) + 1)
	gsub(/\t/, " ")
	sub(/^ *[0-9]* *(- )?/, "")
	if (match(tolower($0), / # skip( |$)/)) {
		reasons[named] = substr($0, RSTART)
		sub(/^ # [a-zA-Z]+ */, "", reasons[named])
		$0 = substr($0, 1, RSTART - 1)
	}
	tests[named] = $0
	next
}

!/^SKIP .*\(exit status: 77\)$/ {
	gsub(/\t/, " ")
	last_line = $0
}

END {
	if (!results) {
		kinds[++results] = "ERROR"
		reasons[1] = "no result"
	}
	if (!named)
		tests[1] = "(all)"
	if (!named && kinds[1] == "SKIP")
		reasons[1] = last_line
	for (i = 1; i <= results; i++)
		printf "%s\t%s\t%s\t%s\t%s\n", kinds[i] == "PASS" ? "pass" : kinds[i] == "SKIP" ? "skip" : "fail", \
			lane, file, tests[i], reasons[i]
}
