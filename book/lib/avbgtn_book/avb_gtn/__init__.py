"""The penalties of AVB-GTN, exactly."""
