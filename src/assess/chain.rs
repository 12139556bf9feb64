//! The chain of a lane's builds: gaps, forks, rollbacks and bad links.
