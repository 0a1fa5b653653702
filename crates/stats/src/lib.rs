//! The mathematics: purchase and spend models, survival, resampling. Pure.
