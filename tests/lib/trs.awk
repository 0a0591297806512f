# The results in one .trs file that automake's test drivers wrote.

/^:test-result: / {
	seen++
	kind = $2
	test = $0
	gsub(/\t/, " ", test)
	sub(/^:test-result: [A-Z]+ */, "", test)
	sub(/^[0-9]* *(- )?/, "", test)
	reason = ""
	if (match(tolower(test), / # skip( |$)/)) {
		reason = substr(test, RSTART)
		test = substr(test, 1, RSTART - 1)
		sub(/^ # [a-zA-Z]+ */, "", reason)
	}
	printf "%s\t%s\t%s\t%s\t%s\n", kind == "PASS" ? "pass" : kind == "SKIP" ? "skip" : "fail", \
		lane, file, test == "" ? "(all)" : test, reason
}

END {
	if (!seen)
		printf "fail\t%s\t%s\t(all)\tno result\n", lane, file
}
