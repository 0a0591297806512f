# TAP to results. Anything that isn't sound TAP is a failure: no plan, another number of tests than planned,
# none at all, or an exit status that no failed test explains.

function result(kind, test, reason) {
	printf "%s\t%s\t%s\t%s\t%s\n", kind, lane, file, test, reason
	failed += kind == "fail"
}

/^1\.\.[0-9]+/ {
	plans++
	plan = substr($1, 4) + 0
	next
}

/^(not )?ok( |$)/ {
	seen++
	test = $0
	gsub(/\t/, " ", test)
	sub(/^(not )?ok *[0-9]* *(- )?/, "", test)
	directive = match(tolower(test), / # skip( |$)/) ? substr(test, RSTART) : ""
	if (directive != "")
		test = substr(test, 1, length(test) - length(directive))
	if ($1 == "not") {
		result("fail", test, "")
	} else if (directive != "") {
		sub(/^ # [a-zA-Z]+ */, "", directive)
		result("skip", test, directive)
	} else {
		result("pass", test, "")
	}
}

/^Bail out!/ {
	result("fail", "(program)", $0)
}

END {
	if (status == 124 || status == 137)
		result("fail", "(program)", "ended by the time limit")
	if (plans != 1)
		result("fail", "(program)", plans + 0 " plans")
	else if (plan == 0)
		result("fail", "(program)", "no tests")
	else if (seen != plan)
		result("fail", "(program)", plan " tests planned, " seen + 0 " seen")
	if (status != 0 && !failed)
		result("fail", "(program)", "exit status " status)
}
