//! transload seen from outside: integration tests, crash test, benches.
