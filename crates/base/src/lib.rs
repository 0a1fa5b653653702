//! Ids, money, days and months, paging, the one error type. Pure.
