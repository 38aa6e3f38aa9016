// Nothing to call: linking this module keeps libmongoc quiet in every process of the agent.
#pragma once
