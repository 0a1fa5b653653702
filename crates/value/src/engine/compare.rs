//! Two runs side by side: who moved class, and how much value moved.

