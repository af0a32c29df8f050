# make help lists what there is. Every target sees to what it needs: .ci/need installs Debian's packages when it may, and names them when it may not.

VERSION ?= $(or $(shell git describe --tags --match 'v[0-9]*' --dirty 2>/dev/null | sed 's/^v//'),0.1.0-dev)
PREFIX  ?= /usr/local
CACHE   ?= $(CURDIR)/.cache
# Tests that watch real interpreters; all others are pure and run with the race detector.
LIVE    := . ./bpf/... ./collect/live/... ./collect/doctor/...
# Of these, what is run with the race detector too: processes that come and go, the budget, the GIL that is followed, closing while others read; one build of each kind.
RACE    := ^Test(Family|ForkedLater|Rejoin|Descendants|LetGo|All|Reuse|AllReleased|Lister|Stack|DumpBusy|Brake|EndsWhileBraked|OverBudgetBraked|Focus|Close|EndWhileRead|GIL(Churn|End|InTheMiddle|Brake|Children|All|ManyBrake|Become)|Native(End|InTheMiddle)|FreeThreadedEnds)$$/^(system|freethreaded-.*)$$
LINT    := v2.15.0
TESTFLAGS  ?=
FUZZTIME   ?= 10s
BENCHFLAGS ?= -bench . -benchmem
SUDO    := $(if $(filter 0,$(shell id -u)),,sudo)
export PYTOP_PYTHONS ?= $(CACHE)/pythons

.DEFAULT_GOAL := build
.PHONY: demo build install test unit live live-all live-race bench builds kills doctor fuzz fmt vet lint generate pythons pythons-freethreaded pythons-variants kernels clean help

demo: build ## build pytop, start a made-up Python program, watch it live
	@.ci/need python3
	@$(if $(SUDO),echo "counting needs root: sudo asks for it",:)
	@$(SUDO) ./pytop demo

build: ## ./pytop; needs nothing but Go
	@.ci/need go
	CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$(VERSION)" -o pytop .

install: build ## pytop into /usr/local/bin (PREFIX, DESTDIR)
	install -D -m 755 pytop $(DESTDIR)$(PREFIX)/bin/pytop

test: unit live live-race ## all tests; those that watch real interpreters need root, and say so when they are skipped

unit: ## the tests of what loads nothing into the kernel, with the race detector
	@.ci/need go
	@.ci/need python3 || [ "$$(id -u)" != 0 ]
	@race=-race; .ci/need gcc="gcc libc6-dev" || { race=; echo "without the race detector, which needs a C compiler"; }; \
	set -x; CGO_ENABLED=$${race:+1} go test $$race -count=1 $(TESTFLAGS) $$(go list ./... | grep -vxF "$$(go list $(LIVE))")

live: build ## the tests that watch real interpreters: those here, and what make pythons fetched
	@.ci/need tmux python3 || [ "$$(id -u)" != 0 ]
	go test -count=1 -p 1 -timeout 30m $(TESTFLAGS) $(LIVE)

live-all: export PYTOP_ALL = 1
live-all: live ## the same on every interpreter here, where make live takes a sample; some 10 minutes longer

live-race: ## those of collect/live that do much at once, with the race detector
	@.ci/need go
	@.ci/need python3 || [ "$$(id -u)" != 0 ]
	@.ci/need gcc="gcc libc6-dev" || { echo "skipped: the race detector needs a C compiler"; [ "$$CI" != true ]; exit; }; \
	set -x; CGO_ENABLED=1 go test -race -count=1 -timeout 15m $(TESTFLAGS) -p 1 -run '$(RACE)' ./collect/live/...

bench: build ## what counting costs, and what pytop itself costs
	@.ci/need go python3
	go test -count=1 -p 1 -timeout 60m -run '^$$' $(BENCHFLAGS) ./...

builds: ## docs/builds.md again: every build here, counted and compared
	PYTOP_BUILDS=$(CURDIR)/docs/builds.md go test -count=1 -run TestExactKnown ./collect/live

kills: build ## kill -9 while pytop ends, 40 times: counts the breakpoints that are left; needs root
	@.ci/need python3
	$(SUDO) python3 testdata/kills.py ./pytop 40

doctor: ## docs/doctor.md again: what pytop doctor says of each kind of process; needs root and make pythons
	PYTOP_DOCTOR=$(CURDIR)/docs/doctor.md go test -count=1 -run TestDoctorKinds .

# Go calls it a failure, too, when the time is up in the middle of an input on a busy machine: "context deadline exceeded", and no input is named.
fuzz: ## each parser against made-up input, FUZZTIME (10s) each
	@.ci/need go
	@set -e; for file in $$(go list -f '{{$$d := .Dir}}{{range .TestGoFiles}}{{$$d}}/{{.}} {{end}}{{range .XTestGoFiles}}{{$$d}}/{{.}} {{end}}' ./...); do \
		for name in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$$file"); do \
			echo "fuzz $$(dirname "$$file") $$name"; \
			for try in 1 2 3; do \
				if said=$$(go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) "$$(dirname "$$file")" 2>&1); then echo "$$said"; break; fi; \
				echo "$$said"; \
				case "$$said" in *"Failing input"*) exit 1 ;; *"context deadline exceeded"*) [ $$try != 3 ] || exit 1 ;; *) exit 1 ;; esac; \
			done; \
		done; \
	done

fmt: ## gofmt every Go file
	gofmt -w $$(git ls-files --cached --others --exclude-standard '*.go')

vet:
	@.ci/need go
	@unformatted=$$(gofmt -l $$(git ls-files --cached --others --exclude-standard '*.go')); [ -z "$$unformatted" ] || { echo "not formatted (make fmt): $$unformatted"; exit 1; }
	go vet ./...

lint: vet $(CACHE)/bin/golangci-lint-$(LINT) ## gofmt, go vet, go mod tidy and golangci-lint, which knows which room may import which
	@go mod tidy -diff || { echo 'go.mod and go.sum are not what "go mod tidy" writes: run it, and commit them'; exit 1; }
	$(CACHE)/bin/golangci-lint-$(LINT) run ./...
	@! grep -rn '"/proc' --include='*.go' --exclude='*_test.go' --exclude-dir=.cache . | sed 's,^\./,,' | grep -v -e '^collect/proc/' -e '^collect/live/livetest/' -e '"/proc/self/' || { echo 'files of /proc are read in collect/proc (docs/architecture.md)'; exit 1; }

$(CACHE)/bin/golangci-lint-$(LINT):
	@echo "building golangci-lint $(LINT), once: some minutes"
	GOBIN=$(CACHE)/bin/new CGO_ENABLED=0 GOFLAGS= go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT)
	mv $(CACHE)/bin/new/golangci-lint $@ && rmdir $(CACHE)/bin/new

generate: ## the BPF objects again, with Debian's clang 14 (they are committed: building pytop does not need this)
	@.ci/need go clang-14 llvm-strip-14=llvm-14
	go generate ./bpf

pythons: ## fetch the CPythons that the tests count into .cache/pythons, about 3 GB; needs root
	testdata/pythons.sh

pythons-freethreaded: ## only the free-threaded one, built from source (make pythons does it too)
	testdata/pythons.sh freethreaded

pythons-variants: ## more builds from source: clang, no computed gotos, packed relocations
	testdata/pythons.sh variants

kernels: ## boot Debian's 6.1, 6.12, newest and 5.10 under software emulation and test there; needs root
	testdata/kernels.sh

clean: ## what was built here; fetched interpreters and tools stay (rm -r .cache)
	rm -f pytop
	go clean -testcache

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-22s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
