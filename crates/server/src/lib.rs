//! Puts the rooms together: router, OpenAPI, jobs, embedded console.
